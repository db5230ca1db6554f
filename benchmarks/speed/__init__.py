"""How fast Veriscope is, as ratios: `python -m benchmarks.speed`, or `make bench`.

One module a question: `efficiency`, `transport`, `batching`, `scale_out`, `reupload`, `usual`,
`growth`. `questions` lists them; what they share is `findings` (what a question finds), `rounds`
(who is measured when), `report`, `telling` and `drawing` (JSON, table, plot), and, for those that
run the stream, `parts`, `stack` and `media`. It runs from a checkout: real Kafka, PostgreSQL and
Triton are those of `tests.parts`.
"""
