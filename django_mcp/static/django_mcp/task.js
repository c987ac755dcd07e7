/* Keeps the page of a task that goes on up to date. Without it, a link reloads the page. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const live = document.getElementById("mcp-live");
    if (!live) {
        return;
    }
    const INTERVAL = 1000;
    const LONGEST = 30000;
    const reload = document.getElementById("mcp-reload");
    let pause = INTERVAL;

    const show = (state) => {
        const mark = live.querySelector(".mcp-mark");
        // What stays as it is must not be announced again.
        if (mark.textContent !== state.status.text) {
            mark.textContent = state.status.text;
            mark.className = `mcp-mark mcp-${state.status.tone}`;
        }
        const bar = document.querySelector(".mcp-progress");
        bar.hidden = !state.bar.is_shown;
        if (state.bar.share === null) {
            bar.removeAttribute("value");
        } else {
            bar.value = state.bar.share;
        }
        for (const element of document.querySelectorAll("[data-mcp-text]")) {
            element.textContent = state.texts[element.dataset.mcpText];
        }
    };

    const look = async () => {
        if (document.hidden) {
            return;
        }
        const answer = await fetch(live.dataset.address, {
            headers: {Accept: "application/json"},
            redirect: "error",
        });
        if (!answer.ok) {
            throw new Error(`${answer.status}`);
        }
        const state = await answer.json();
        show(state);
        if (state.has_ended || state.input_version !== live.dataset.inputVersion) {
            // Its input requests, result, error and actions are parts of the page.
            window.location.reload();
            pause = null;
        } else {
            pause = INTERVAL;
        }
    };

    const goOn = async () => {
        try {
            await look();
            reload.hidden = true;
        } catch {
            reload.hidden = false;
            reload.textContent = reload.dataset.lost;
            pause = Math.min(pause * 2, LONGEST);
        }
        if (pause !== null) {
            window.setTimeout(goOn, pause);
        }
    };

    window.setTimeout(goOn, INTERVAL);
});
