/** @file Page of the laptop stack with the numbers of its functions, read again every two seconds. */
import { quantile, readMetrics, sum } from "./metrics-text.js";
import { html, render, useEffect, useState } from "./ui.js";

const EVERY_MS = 2000;
/** Counts in the order of the page; `true`: any is a failure. */
const COUNTS = [
  ["meetings_created"],
  ["invitations_accepted"],
  ["meetings_ended"],
  ["requests"],
  ["requests_refused"],
  ["requests_unavailable", true],
  ["offers_delivered"],
  ["offers_sent"],
  ["offers_queued"],
  ["offers_unreached"],
  ["pushes_wanted"],
  ["connections_admitted"],
  ["connections_refused"],
  ["commit_conflicts"],
  ["downlinks_failed", true],
  ["rtc_calls_failed", true],
];
const TIMES = ["received_to_commit", "received_to_last_downlink"];

function Live() {
  const [metrics, setMetrics] = useState();
  const [problem, setProblem] = useState();
  useEffect(() => {
    const read = async () => {
      try {
        const response = await fetch("metrics");
        setMetrics(readMetrics(await response.text()));
        setProblem(undefined);
      } catch {
        setProblem("The stack does not answer. The numbers below are old.");
      }
    };
    read();
    const timer = setInterval(read, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return html`
    <h1>Live numbers</h1>
    <p>Since the start of the stack. The same numbers as text: <a href="metrics">/metrics</a>.</p>
    ${problem && html`<p role="alert">${problem}</p>`} ${metrics && html`<${Tables} metrics=${metrics} />`}`;
}

function Tables({ metrics: { samples, meanings } }) {
  return html`
    <table id="counts">
      <thead><tr><th>Count</th><th class="number">Number</th></tr></thead>
      <tbody>
        ${COUNTS.map(([name, isFailure]) => {
          const count = sum(samples, `${name}_total`);
          return html`<tr key=${name} data-metric=${name} class=${isFailure && count > 0 ? "bad" : ""}>
            <td>${meanings.get(name) ?? name}</td><td class="number">${count}</td></tr>`;
        })}
      </tbody>
    </table>
    <table id="times">
      <thead><tr><th>Time</th><th class="number">half within</th><th class="number">95 of 100 within</th></tr></thead>
      <tbody>
        ${TIMES.map((time) => {
          const name = `${time}_milliseconds`;
          const limit = (share) => (quantile(samples, name, share) ?? "–") + " ms";
          return html`<tr key=${name}><td>${meanings.get(name) ?? name}</td>
            <td class="number">${limit(0.5)}</td><td class="number">${limit(0.95)}</td></tr>`;
        })}
      </tbody>
    </table>
    <${Refusals} samples=${samples} />`;
}

/** Refusals by request and code, the most frequent first. */
function Refusals({ samples }) {
  const refused = samples.filter(({ name, value }) => name === "requests_refused_total" && value > 0);
  if (refused.length === 0) return null;
  refused.sort((a, b) => b.value - a.value);
  return html`
    <table id="refusals">
      <thead><tr><th>Refused request</th><th>Code</th><th class="number">Number</th></tr></thead>
      <tbody>
        ${refused.map(({ labels: { request, code }, value }) => html`
          <tr key=${`${request} ${code}`}><td>${request || "unreadable"}</td><td>${code}</td><td class="number">${value}</td></tr>`)}
      </tbody>
    </table>`;
}

render(html`<${Live} />`, document.querySelector("#page"));
