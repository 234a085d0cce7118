// What the types that openapi-typescript generates let a client write: this file is compiled only.
import type { components, paths } from "./schema";

type Task = components["schemas"]["TaskView"];
type Register = paths["/v1/auth/register"]["post"]["requestBody"]["content"]["application/json"];
type Feed = paths["/v1/feeds"]["get"]["responses"]["200"]["content"]["application/json"];
type SocketMessage = components["schemas"]["TaskEvent"] | components["schemas"]["SocketSignal"] | components["schemas"]["SocketError"];

export const registration: Register = { email: "ada@example.com", password: "correct horse battery", full_name: "Ada Lovelace" };

// @ts-expect-error a member that is written wrongly is no member
export const mistyped: Register = { email: "ada@example.com", password: "correct horse battery", full_name: "Ada", user_name: "ada" };

// @ts-expect-error there is no such level
export const unknown: components["schemas"]["GenerateBody"] = { topic: "Tides", difficulty_level: "expert" };

export function ended(task: Task): boolean {
  return task.state === "DONE" || task.state === "ERROR";
}

export function titles(feed: Feed): string[] {
  return feed.items.map((item) => item.title);
}

export function heard(message: SocketMessage): string {
  if ("progress" in message) {
    return `${message.progress} %`;
  }
  return "error" in message ? message.error : message.type;
}

export function metadata(post: components["schemas"]["PostView"]): unknown {
  return post.metadata["source"];
}
