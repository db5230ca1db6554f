// Goes along the time line: a strip or a strong frame is clicked, and the video stands there.
//
// Where there is no video, the crop of that moment is shown instead. Keys come by `data-key`.
"use strict";
(() => {
  const WIDTH = 1000; // of a strip's view box
  const NEAR_SECONDS = 0.3; // as far as a box drawn for one frame still fits
  const FRAME_SECONDS = 1 / 25; // browsers tell no rate; most videos have 24 to 30 frames a second
  let boxed = null; // the moment that the box on the video belongs to

  const player = () => document.getElementById("player");
  const box = () => document.querySelector("[data-player-box]");

  const draw = (rectangle) => {
    const names = ["x", "y", "width", "height"];
    names.forEach((name, place) => box()?.setAttribute(name, rectangle[place]));
  };

  const stand = (video, at) => {
    video.pause();
    if (video.readyState >= HTMLMediaElement.HAVE_METADATA) {
      video.currentTime = at;
      return;
    }
    video.addEventListener("loadedmetadata", () => { video.currentTime = at; }, { once: true });
    video.preload = "auto";
    video.load();
  };

  const point = (at) => {
    for (const head of document.querySelectorAll("[data-strip-head]")) {
      const whole = Number(head.closest("[data-strip]").dataset.strip);
      const x = Math.min(at / whole, 1) * WIDTH;
      head.setAttribute("x1", x);
      head.setAttribute("x2", x);
    }
  };

  const say = (at) => {
    const place = document.querySelector("[data-sought]");
    if (place) {
      const minutes = Math.floor(at / 60);
      place.textContent = `At ${minutes}:${(at - 60 * minutes).toFixed(2).padStart(5, "0")}`;
    }
  };

  const seek = (at, rectangle, crop) => {
    point(at);
    say(at);
    document.querySelectorAll(".sought").forEach((each) => each.classList.remove("sought"));
    crop?.classList.add("sought");
    boxed = rectangle ? at : null;
    draw(rectangle || [0, 0, 0, 0]);
    const video = player();
    (video || crop)?.scrollIntoView({ block: "nearest" });
    if (video) {
      stand(video, at);
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-seek]");
    if (button) {
      const { seek: at, box: rectangle, crop } = button.dataset;
      seek(Number(at), rectangle.split(" "), document.getElementById(`crop-${crop}`));
      return;
    }
    const strip = event.target.closest("[data-strip]");
    if (strip) {
      const place = strip.getBoundingClientRect();
      seek(((event.clientX - place.left) / place.width) * Number(strip.dataset.strip));
    }
  });

  // Media events do not bubble: they are met on their way down.
  document.addEventListener("timeupdate", () => {
    const at = player().currentTime;
    point(at);
    if (boxed !== null && Math.abs(at - boxed) > NEAR_SECONDS) {
      boxed = null;
      draw([0, 0, 0, 0]);
    }
  }, true);

  document.addEventListener("click", (event) => {
    const video = player();
    const step = event.target.closest("[data-step]");
    if (step) {
      seek(Math.max(0, video.currentTime + Number(step.dataset.step) * FRAME_SECONDS));
      return;
    }
    if (!event.target.closest("[data-play]")) {
      return;
    }
    if (video.paused) {
      video.play();
      return;
    }
    video.pause();
  });
})();
