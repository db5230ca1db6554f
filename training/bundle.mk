# From a manifest of faces to a bundle, step by step; what is there is not made again.
#
#   make -f training/bundle.mk MANIFEST=faces/manifest.csv WORK=.veriscope/training VERSION=3
#
# The manifest's split `train` is learned from, its split `dev` is measured on and, by a third of
# its groups, calibrated on. What its licences do not permit is refused, unless ALLOW names it.

WORK ?= .veriscope/training
VERSION ?= 1
BIN ?= .venv-training/bin
ALLOW ?=
LEAVE_OUT ?= stylegan256_140k
CARD ?= training/card.md

PYTHON := $(BIN)/python -m
VERISCOPE := $(BIN)/veriscope
ALLOWED := $(foreach one,$(ALLOW),--allow-licence '$(one)')
FACES := $(WORK)/faces
# Faces of which the picture shows all that a crop shows: what is reflected at its edge looks made.
SURROUNDED := $(WORK)/surrounded
DEV := $(WORK)/dev
MODEL := $(WORK)/face_blending/1/model.onnx
GENERATION := $(WORK)/face_generation/model.onnx
USED_UP := $(WORK)/face_generation/used_up.txt
# `TRANSITIONS=yes` adds the head over tracks; it was not shown to help on real swaps (README.md).
TRANSITIONS ?=
HEADS := $(WORK)/heads/screens.npz $(if $(TRANSITIONS),$(WORK)/heads/transitions.npz)
REGISTRY := $(WORK)/registry
TABLES := $(WORK)/scores/dev.parquet $(WORK)/scores/twins.parquet
PARTS = --blending $(MODEL) --generation $(GENERATION) --heads $(HEADS) --card $(CARD) $(dir $(GENERATION))learned.md \
	--reference $(WORK)/reference.npz --data $(FACES) $(WORK)/face_generation --version $(VERSION)

.DELETE_ON_ERROR:
.PHONY: bundle
bundle: $(WORK)/bundle/bundle.yaml

$(FACES)/crops.npy:
	$(PYTHON) training.faces --manifest $(MANIFEST) --split train --inside 0.5 --out $(FACES) $(ALLOWED)

$(SURROUNDED)/crops.npy:
	$(PYTHON) training.faces --manifest $(MANIFEST) --split train --skip UTKFace --out $(SURROUNDED) $(ALLOWED)

$(DEV)/crops.npy:
	$(PYTHON) training.faces --manifest $(MANIFEST) --split dev --inside 0.5 --for evaluation --out $(DEV)

# Three parts, each from the best weights of the one before. `trained` says that a part came to its
# end: make deletes the target of what was stopped, and best.pt must not go.
LEARN = OMP_WAIT_POLICY=PASSIVE $(PYTHON) training.blending.train --data $(FACES) --out $(@D)
TUNE = $(LEARN) --start $(<D)/best.pt --config training/blending/tuning.yaml

$(WORK)/run/trained: $(FACES)/crops.npy training/blending/config.yaml
	$(LEARN)
	touch $@

$(WORK)/tuned/trained: $(WORK)/run/trained training/blending/tuning.yaml
	$(TUNE)
	touch $@

$(WORK)/tuned2/trained: $(WORK)/tuned/trained training/blending/tuning.yaml
	$(TUNE)
	touch $@

$(MODEL): $(WORK)/tuned2/trained
	$(PYTHON) training.blending.export --checkpoint $(<D)/best.pt --crops $(FACES)/crops.npy --model-dir $(WORK)/face_blending

$(WORK)/reference.npz: $(MODEL)
	$(PYTHON) training.reference --data $(FACES) --model $(MODEL) --out $@

$(WORK)/heads/screens.npz: $(MODEL)
	$(PYTHON) training.screens.train --data $(FACES) --model $(MODEL) --out $@

$(WORK)/heads/transitions.npz: $(MODEL)
	$(PYTHON) training.transitions.train --data $(FACES) --model $(MODEL) --out $(WORK)/transitions
	cp $(WORK)/transitions/transitions.npz $@

$(GENERATION): $(SURROUNDED)/crops.npy $(FACES)/crops.npy $(DEV)/crops.npy training/generation/config.yaml
	$(PYTHON) training.generation.train --data $(SURROUNDED) --held-out-of $(FACES) \
		--generated $(DEV) --leave-out $(LEAVE_OUT) --out $(WORK)/face_generation $(ALLOWED)
	$(PYTHON) training.generation.export --checkpoint $(WORK)/face_generation/best.pt --out $@

$(WORK)/draft/bundle.yaml: $(GENERATION) $(HEADS) $(WORK)/reference.npz
	$(PYTHON) training.bundle $(PARTS) --out $(WORK)/draft

$(WORK)/twins/manifest.csv: $(FACES)/crops.npy
	$(PYTHON) training.twins --data $(FACES) --out $(WORK)/twins

$(REGISTRY)/made: $(WORK)/twins/manifest.csv
	$(VERISCOPE) data import $(MANIFEST) --as manifest --name faces --root $(REGISTRY)
	$(VERISCOPE) data import $< --as manifest --name twins --root $(REGISTRY)
	touch $@

SCORE = $(VERISCOPE) bench score --root $(REGISTRY) --packs $(WORK)/packs --processes 2

$(WORK)/scores/dev.parquet: $(WORK)/draft/bundle.yaml $(REGISTRY)/made
	$(SCORE) --data faces --split validation --bundle $(WORK)/draft --out $@

$(WORK)/scores/twins.parquet: $(WORK)/draft/bundle.yaml $(REGISTRY)/made
	$(SCORE) --data twins --bundle $(WORK)/draft --out $@

# The detector of generated faces learns from other generators than LEAVE_OUT, and from real
# pictures beside theirs. Their groups calibrate nothing, are no evidence and are not measured
# on; LEAVE_OUT's are, each group once. So probabilities hold for a generator that was never seen.

$(WORK)/calibration.json: $(TABLES)
	$(PYTHON) training.fuse --scores $(TABLES) --without-groups $(USED_UP) --id $(VERSION) \
		--manipulated blending $(if $(TRANSITIONS),transitions) --generated generation \
		--groups $(WORK)/fitted_groups.txt --out $@

# Scored again by what is calibrated: its own words are the evidence behind thresholds, and what
# is measured. Sets of several sources are measured at one size and quality, too.
JUDGED := $(WORK)/judged

$(JUDGED)/dev.parquet: $(WORK)/calibration.json
	$(PYTHON) training.bundle $(PARTS) --calibration $< --out $(WORK)/calibrated
	$(SCORE) --data faces --split validation --bundle $(WORK)/calibrated --out $@

$(JUDGED)/equalised.parquet: $(JUDGED)/dev.parquet
	$(SCORE) --data faces --split validation --bundle $(WORK)/calibrated --equalise face:128,75 --out $@

$(JUDGED)/twins.parquet: $(JUDGED)/dev.parquet
	$(SCORE) --data twins --bundle $(WORK)/calibrated --out $@

$(WORK)/evidence.json: $(JUDGED)/dev.parquet $(JUDGED)/twins.parquet
	$(PYTHON) training.evidence --calibration $(WORK)/calibration.json --scores $^ \
		--without-groups $(USED_UP) --out $@

MEASURE = $(VERISCOPE) bench measure --without-groups $(WORK)/fitted_groups.txt

$(JUDGED)/dev.json: $(JUDGED)/dev.parquet $(JUDGED)/equalised.parquet
	$(MEASURE) $^ --out $@

$(JUDGED)/twins.json: $(JUDGED)/twins.parquet
	$(MEASURE) $^ --comparisons training/twins.yaml --out $@

$(WORK)/bundle/bundle.yaml: $(WORK)/evidence.json $(JUDGED)/dev.json $(JUDGED)/twins.json
	$(PYTHON) training.bundle $(PARTS) --calibration $< --results $(JUDGED)/dev.json $(JUDGED)/twins.json \
		--out $(WORK)/bundle
