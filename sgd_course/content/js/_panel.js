// The frame of a figure, and what the reader turns: sliders, choices, and a player
import {BLUE, CONTROL, LOOK, RED, esc, make, num} from './_base.js';

const PANEL = `
  .figure { padding: 14px 16px 10px; border-radius: 12px; border: 1px solid var(--line); font-size: 15px;
    line-height: 1.45 }
  .title { margin: 0 0 8px; font-weight: 650; font-size: 16px }
  .says { margin: 8px 0; padding: 2px 0 2px 12px; min-height: 3.1em; border-left: 4px solid var(--mood, var(--line)) }
  .tools, .knobs, .choice div { display: flex; flex-wrap: wrap; gap: 10px; align-items: end }
  .knobs { gap: 8px 28px; margin-top: 12px; align-items: start }
  .slider, .choice { flex: 1 1 230px; min-width: 0; margin: 0; padding: 0; border: 0 }
  .slider > span { display: flex; justify-content: space-between; gap: 8px; white-space: nowrap }
  .slider b { font-variant-numeric: tabular-nums; font-weight: 600 }
  input[type=range] { display: block; width: 100%; height: 44px; margin: 0; appearance: none; background: none;
    cursor: pointer }
  ::-webkit-slider-runnable-track { height: 6px; border-radius: 3px; background: var(--line) }
  ::-moz-range-track { height: 6px; border-radius: 3px; background: var(--line) }
  ::-webkit-slider-thumb { appearance: none; width: 20px; height: 20px; margin-top: -7px; border-radius: 50%;
    background: ${BLUE} }
  ::-moz-range-thumb { width: 20px; height: 20px; border: 0; border-radius: 50%; background: ${BLUE} }
  .under { padding: 0 10px; margin-top: -8px }
  legend { padding: 0; margin-bottom: 2px }
  .choice label { position: relative; display: inline-flex; cursor: pointer }
  .choice input { position: absolute; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer }
  .choice b, button, select { display: inline-flex; align-items: center; justify-content: center; min-width: 44px;
    padding: 0 14px; cursor: pointer; ${CONTROL} }
  .choice :checked + b { border-color: ${BLUE}; box-shadow: inset 0 -3px ${BLUE}; font-weight: 650 }
  button:hover, .choice label:hover b { background: color-mix(in srgb, currentColor 13%, transparent) }
  button.main { min-width: 86px; color: #fff; background: ${BLUE}; border-color: ${BLUE} }
  .choice :focus-visible + b { outline: 3px solid ${RED}; outline-offset: 2px }
  input[type=range]:focus-visible { outline-offset: -7px; border-radius: 9px }
  div > svg { display: block; width: 100%; overflow: visible; touch-action: pan-y; user-select: none; font-size: 12.5px;
    fill: currentColor }
  svg .grid { stroke: currentColor; opacity: .14 }
  svg .area { opacity: .06 }
  svg .mark { opacity: .5 }
  svg .grip { cursor: move; touch-action: none }
  svg .curve { fill: none; stroke: currentColor; opacity: .6; stroke-width: 2 }
`;

// The frame in `el`: places to draw (stage), for buttons (tools), and for sliders and choices (knobs), and a text that
// says what is seen
export class Panel {
  constructor(el, title, css = '') {
    el.replaceChildren(make(`<div class="sheet figure"><style>${LOOK}${PANEL}${css}</style>
      <p class="title">${esc(title)}</p><div class="stage"></div><p class="says"></p>
      <p class="heard" aria-live="polite"></p><div class="tools"></div><div class="knobs"></div></div>`));
    const find = name => el.querySelector('.' + name);
    this.box = find('figure');
    this.stage = find('stage');
    this.text = find('says');
    this.heard = find('heard');
    this.tools = find('tools');
    this.knobs = find('knobs');
    this.silent = false;
  }

  // What is seen, in words
  says(text, color = '') {
    if (this.text.textContent != text) this.text.textContent = text;
    this.text.style.setProperty('--mood', color || 'var(--line)');
    this.quiet(this.silent);
  }

  // What the text says is also heard from screen readers; not while all moves (quiet), but how it ends
  quiet(on) {
    this.silent = on;
    const text = this.text.textContent;
    if (!on && this.heard.textContent != text) this.heard.textContent = text;
  }

  button(text, on, kind = '') {
    const button = this.tools.appendChild(make(`<button type="button" class="${kind}">${text}</button>`));
    button.addEventListener('click', on);
    return button;
  }
}

// A slider in the element `place`. Its `value` can be read and set, exactly, also between two steps.
// With `log` the slider moves through powers of ten, and `step` is a step of the exponent.
export class Slider {
  constructor(place, {label, name = label, min, max, step, value, log = false, show = num, on = () => {}}) {
    this.log = log;
    this.show = show;
    this.root = place.appendChild(make(`<label class="slider"><span><span>${esc(label)}</span> <b></b></span>
      <input type="range" min="${this.place(min)}" max="${this.place(max)}" step="${step}"></label>`));
    this.input = this.root.querySelector('input');
    this.out = this.root.querySelector('b');
    this.input.setAttribute('aria-label', name);
    this.input.addEventListener('input', () => {
      const at = +this.input.value;
      this.tell(log ? +(10 ** at).toPrecision(3) : at);
      on(this.exact);
    });
    this.value = value;
  }

  // Where a value lies on the slider
  place(value) { return this.log ? Math.log10(value) : value }

  tell(value) {
    this.exact = value;
    this.out.textContent = this.show(value);
    this.input.setAttribute('aria-valuetext', this.out.textContent);
  }

  limit(min, max, step) { Object.assign(this.input, {min, max, step}) }

  get value() { return this.exact }

  set value(value) {
    this.input.value = this.place(value);
    this.tell(value);
  }
}

// One of several, in the element `place`: `options` maps values to the words shown
export class Choice {
  constructor(place, {label, options, value, on}) {
    const items = Object.entries(options).map(([v, text]) => `<label>
      <input type="radio" name="${esc(label)}" value="${esc(v)}"><b>${esc(text)}</b></label>`);
    this.root = place.appendChild(make(`<fieldset class="choice"><legend>${esc(label)}</legend>
      <div>${items.join('')}</div></fieldset>`));
    this.inputs = [...this.root.querySelectorAll('input')];
    this.root.addEventListener('change', () => on(this.value));
    this.value = value;
  }

  get value() { return this.inputs.find(i => i.checked).value }

  set value(value) {
    for (const input of this.inputs) input.checked = input.value == value;
  }
}

// Play, Step and Reset for something that happens in steps. `show(t)` draws the time t, a number of steps that may lie
// between two; `end()` is the last step, `rate()` steps per second. With reduced motion time jumps from step to step.
export class Player {
  constructor(ui, {show, end, rate, reset = () => {}}) {
    Object.assign(this, {ui, show, end, rate, reset});
    this.t = 0;
    this.goal = 0;
    this.running = false;
    this.stepping = false;
    this.reduced = matchMedia('(prefers-reduced-motion: reduce)');
    this.button = ui.button('Play', () => this.toggle(), 'main');
    ui.button('Step', () => this.step());
    ui.button('Reset', () => this.restart());
  }

  set(t) {
    this.t = t;
    this.show(t);
  }

  halt() {
    this.running = false;
    this.stepping = false;
    cancelAnimationFrame(this.call);
    this.button.textContent = 'Play';
    this.ui.quiet(false);
    this.show(this.t);
  }

  toggle() {
    if (this.running) {
      this.halt();
      return;
    }
    if (this.t >= this.end()) this.set(0);
    this.go(this.end());
  }

  step() {
    const from = this.stepping ? this.goal : Math.floor(this.t); // Pressed again on the way, one step more
    const to = Math.min(this.end(), from + 1);
    if (this.reduced.matches) {
      this.halt();
      this.set(to);
    } else {
      this.go(to);
      this.stepping = this.running;
    }
  }

  restart() {
    this.halt();
    this.reset();
    this.set(0);
  }

  go(to) {
    this.goal = to;
    if (to <= this.t || this.running) return;
    this.running = true;
    this.button.textContent = 'Pause';
    this.ui.quiet(true);
    this.before = null;
    this.ask();
  }

  ask() { this.call = requestAnimationFrame(now => this.frame(now)) }

  frame(now) {
    if (!this.running) return;
    if (!this.ui.box.isConnected) {
      this.halt();
      return;
    }
    this.before ??= now;
    const next = this.next(now - this.before);
    if (next != null) {
      this.before = now;
      this.set(Math.min(this.goal, next));
    }
    if (this.t >= this.goal) this.halt();
    else if (this.running) this.ask();
  }

  // The time to show after so many milliseconds; null if it is too early for a jump
  next(passed) {
    const rate = this.rate();
    if (!this.reduced.matches) return this.t + Math.min(0.1, passed/1000)*rate;
    const due = passed*Math.min(rate, 2) >= 1000;
    return due ? Math.floor(this.t) + Math.max(1, Math.floor(rate/2)) : null;
  }
}
