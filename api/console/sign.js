// Signing up and in. A topic that was asked for before is carried through.

import { me, register, signIn } from "./api.js";
import { fill, h } from "./dom.js";
import { field, form } from "./form.js";
import { ask, wanted } from "./home.js";

/** The page with both ways in. A newcomer with a topic makes an account, others sign in. */
export function sign({ go }) {
  const place = h("div", { class: "narrow" });
  const enter = (fresh) => fill(place, ...(fresh ? up(() => enter(false), go) : back(() => enter(true), go)));
  enter(wanted() !== null);
  return place;
}

async function onward(go) {
  const topic = wanted();
  if (!topic) return go("/");
  return ask(topic, go);
}

function up(other, go) {
  const topic = wanted()?.topic;
  return [
    h("h1", null, topic ? "Where shall we keep it?" : "Create an account"),
    topic && h("p", { class: "lead" }, "“", topic, "” is written into your own shelf, so you can come back to it."),
    form({ id: "sign-up", "aria-label": "Create an account" }, [
      field("Your name", { name: "full_name", autocomplete: "name", maxlength: 255, autofocus: true }),
      field("E-mail", { name: "email", type: "email", autocomplete: "email", inputmode: "email" }),
      field("Password", { name: "password", type: "password", autocomplete: "new-password" }, "8 characters or more."),
    ], topic ? "Write my course" : "Create account", async (values) => {
      if (!me()) await register(values); // the account may be there and the course refused
      await onward(go);
    }),
    h("p", { class: "dim" }, "Been here before? ", h("button", { type: "button", class: "link", click: other }, "Sign in")),
  ];
}

function back(other, go) {
  return [
    h("h1", null, "Welcome back"),
    form({ id: "sign-in", "aria-label": "Sign in" }, [
      field("E-mail", { name: "email", type: "email", autocomplete: "username", inputmode: "email", autofocus: true }),
      field("Password", { name: "password", type: "password", autocomplete: "current-password" }),
    ], "Sign in", async (values) => {
      await signIn(values);
      await onward(go);
    }),
    h("p", { class: "dim" }, "New here? ", h("button", { type: "button", class: "link", click: other }, "Create an account")),
  ];
}
