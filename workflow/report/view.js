"use strict";
/* Views of state space that turn with the mouse or the arrow keys. Each figure.view holds its points
   as 16-bit numbers (8192 is one half range of the data, -32768 a gap) and a picture that stands for
   it where no script runs. */
(() => {
  const UNIT = 8192, GAP = -32768, SHADES = [0.25, 0.45, 0.7, 1];

  function decoded(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return new Int16Array(bytes.buffer);
  }

  function start(figure) {
    const view = JSON.parse(figure.dataset.view);
    const layers = view.layers.map((layer) => ({ ...layer, at: decoded(layer.xyz), shown: true }));
    const canvas = document.createElement("canvas");
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", figure.querySelector("img").alt);
    const pen = canvas.getContext("2d");
    const home = { turn: -0.6, tilt: 0.45, zoom: 1 };
    let now = { ...home }, waiting = false, grabbed = null;

    function projector(width, height) {
      const size = 0.32 * Math.min(width, height) * now.zoom;
      const [s, c] = [Math.sin(now.turn), Math.cos(now.turn)];
      const [t, u] = [Math.sin(now.tilt), Math.cos(now.tilt)];
      return (x, y, z) => {
        const across = c * x - s * y, away = s * x + c * y;
        return [width / 2 + size * across, 0.476 * height - size * (u * z - t * away), u * away + t * z];
      };
    }

    function lines(layer, project) {
      const paths = SHADES.map(() => new Path2D());
      const at = layer.at;
      let last = null;
      for (let i = 0; i < at.length; i += 3) {
        const p = at[i] === GAP ? null : project(at[i] / UNIT, at[i + 1] / UNIT, at[i + 2] / UNIT);
        if (p && last) {
          const near = Math.floor((1 - p[2] / 2) * SHADES.length / 2);
          const path = paths[Math.max(0, Math.min(SHADES.length - 1, near))];
          path.moveTo(last[0], last[1]);
          path.lineTo(p[0], p[1]);
        }
        last = p;
      }
      pen.strokeStyle = layer.colour;
      pen.lineWidth = layer.width;
      paths.forEach((path, shade) => { pen.globalAlpha = SHADES[shade]; pen.stroke(path); });
    }

    function points(layer, project) {
      const at = layer.at, r = layer.width;
      pen.globalAlpha = r > 2 ? 1 : 0.6;
      pen.fillStyle = layer.colour;
      pen.strokeStyle = r > 2 ? "#ffffff" : layer.colour;
      pen.lineWidth = 1;
      for (let i = 0; i < at.length; i += 3) {
        if (at[i] === GAP) continue;
        const [x, y] = project(at[i] / UNIT, at[i + 1] / UNIT, at[i + 2] / UNIT);
        pen.beginPath();
        if (layer.mark === "square") pen.rect(x - r, y - r, 2 * r, 2 * r);
        else pen.arc(x, y, r, 0, 2 * Math.PI);
        pen.fill();
        if (r > 2) pen.stroke();
      }
    }

    function frame(project) {
      pen.globalAlpha = 1;
      pen.font = "12px system-ui, sans-serif";
      pen.fillStyle = pen.strokeStyle = "#9aa5ab";
      pen.lineWidth = 1;
      view.axes.forEach((name, axis) => {
        const end = [-1.1, -1.1, -1.1];
        const from = project(...end);
        end[axis] = 1.1;
        const to = project(...end);
        pen.beginPath();
        pen.moveTo(from[0], from[1]);
        pen.lineTo(to[0], to[1]);
        pen.stroke();
        const room = canvas.clientWidth - pen.measureText(name).width - 4;
        pen.fillText(name, Math.max(4, Math.min(room, to[0] + 4)),
                     Math.max(14, Math.min(canvas.clientHeight - 6, to[1] - 4)));
      });
    }

    function draw() {
      waiting = false;
      const scale = window.devicePixelRatio || 1;
      const [width, height] = [canvas.clientWidth, canvas.clientHeight];
      canvas.width = width * scale;
      canvas.height = height * scale;
      pen.setTransform(scale, 0, 0, scale, 0, 0);
      const project = projector(width, height);
      frame(project);
      layers.filter((layer) => layer.shown).forEach((layer) =>
        (layer.mark === "line" ? lines : points)(layer, project));
    }

    function change(next) {
      now = { ...now, ...next };
      now.tilt = Math.max(-1.57, Math.min(1.57, now.tilt));
      now.zoom = Math.max(0.3, Math.min(20, now.zoom));
      if (!waiting) { waiting = true; requestAnimationFrame(draw); }
    }

    canvas.addEventListener("pointerdown", (event) => {
      grabbed = [event.clientX, event.clientY];
      canvas.setPointerCapture(event.pointerId);
      canvas.focus({ preventScroll: true });
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!grabbed) return;
      const [x, y] = [event.clientX - grabbed[0], event.clientY - grabbed[1]];
      grabbed = [event.clientX, event.clientY];
      change({ turn: now.turn + x / 150, tilt: now.tilt + y / 150 });
    });
    ["pointerup", "pointercancel"].forEach((name) =>
      canvas.addEventListener(name, () => { grabbed = null; }));
    canvas.addEventListener("dblclick", () => change(home));
    canvas.addEventListener("wheel", (event) => {
      if (document.activeElement !== canvas) return;
      event.preventDefault();
      change({ zoom: now.zoom * Math.exp(-event.deltaY / 500) });
    }, { passive: false });
    const keys = {
      ArrowLeft: () => ({ turn: now.turn - 0.1 }), ArrowRight: () => ({ turn: now.turn + 0.1 }),
      ArrowUp: () => ({ tilt: now.tilt - 0.1 }), ArrowDown: () => ({ tilt: now.tilt + 0.1 }),
      "+": () => ({ zoom: now.zoom * 1.2 }), "-": () => ({ zoom: now.zoom / 1.2 }),
    };
    canvas.addEventListener("keydown", (event) => {
      if (!(event.key in keys)) return;
      event.preventDefault();
      change(keys[event.key]());
    });

    const legend = document.createElement("div");
    legend.className = "legend";
    layers.forEach((layer) => {
      const label = document.createElement("label"), box = document.createElement("input");
      const swatch = document.createElement("span");
      box.type = "checkbox";
      box.checked = true;
      box.addEventListener("change", () => { layer.shown = box.checked; change({}); });
      swatch.textContent = layer.mark === "line" ? "\u2014" : layer.mark === "square" ? "\u25a0" : "\u25cf";
      swatch.style.color = layer.colour;
      label.append(box, swatch, ` ${layer.name}`);
      legend.append(label);
    });
    figure.querySelector("img").replaceWith(canvas, legend);
    new ResizeObserver(() => change({})).observe(canvas);
  }

  const seen = new IntersectionObserver((entries) => entries.forEach((entry) => {
    if (!entry.isIntersecting) return;
    seen.unobserve(entry.target);
    start(entry.target);
  }));
  document.querySelectorAll("figure.view").forEach((figure) => seen.observe(figure));
})();
