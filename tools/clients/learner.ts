// A learner who uses Lyo through the client that @hey-api/openapi-ts generates into sdk/ beside this
// file. A test of the whole system generates, compiles and runs it.
import { client } from "./sdk/client.gen";
import * as lyo from "./sdk";

// must returns the data of an answer, or throws what came instead.
async function must<T>(step: string, answer: Promise<{ data?: T; error?: unknown; response?: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (data === undefined || error !== undefined) {
    throw new Error(`${step}: ${response?.status} ${JSON.stringify(error)}`);
  }
  return data;
}

async function generate(): Promise<lyo.CourseView> {
  const accepted = await must("generate", lyo.generateCourse({ body: { topic: "How tides work", difficulty_level: "beginner" } }));
  for (let since = 0; ; ) {
    const task = await must("task", lyo.getTask({ path: { id: accepted.task_id }, query: { wait: "25s", since } }));
    since = task.seq;
    if (task.state === "ERROR") {
      throw new Error(`the task failed: ${JSON.stringify(task.error_details)}`);
    }
    if (task.state === "DONE" && task.result_id !== null) {
      return must("course", lyo.getCourse({ path: { id: task.result_id } }));
    }
  }
}

// study completes every lesson and answers the first quiz.
async function study(course: lyo.CourseView): Promise<void> {
  if (course.lessons.length < 3 || course.status !== "READY") {
    throw new Error(`${course.status} with ${course.lessons.length} lessons`);
  }
  let done = 0;
  for (const lesson of course.lessons) {
    const progress = await must("progress", lyo.completeLesson({ path: { id: course.id, lesson_id: lesson.id }, body: { minutes: 5 } }));
    done++;
    if (lesson.content === "" || progress.completed_lessons.length !== done) {
      throw new Error(`lesson ${done}: ${progress.completed_lessons.length} completed`);
    }
  }
  const quiz = course.items.find((item) => item.questions !== undefined && item.questions.length > 0);
  if (quiz?.questions === undefined) {
    throw new Error("the course has no quiz");
  }
  const answers = quiz.questions.map((question) => ({ question_id: question.id, answer: 0 }));
  const graded = await must("attempt", lyo.attemptQuiz({ path: { id: course.id, item_id: quiz.id }, body: { answers } }));
  if (graded.results.length !== answers.length) {
    throw new Error("not every answer was graded");
  }
}

// share uploads material, posts twice, likes a post, and reads the feed page by page.
async function share(): Promise<void> {
  const file = new File(["# Tides\n\nThe moon pulls on the sea."], "tides.md", { type: "text/markdown" });
  const source = await must("upload", lyo.uploadSource({ body: { file, title: "Tides" } }));
  await must("post", lyo.createPost({ body: { title: "The moon", content: "It *pulls* on the sea.", metadata: { source: source.id } } }));
  const post = await must("post", lyo.createPost({ body: { title: "The sun", content: "So does the sun.", post_type: "discussion" } }));
  const like = await must("like", lyo.setLikeOfPost({ path: { id: post.id } }));
  if (!like.user_liked || like.likes_count !== 1) {
    throw new Error(`${like.likes_count} likes`);
  }
  const first = await must("feed", lyo.getFeed({ query: { feed_type: "recent", limit: 1 } }));
  if (first.next_cursor === null) {
    throw new Error("the feed has one page only");
  }
  const second = await must("next page", lyo.getFeed({ query: { feed_type: "recent", limit: 1, cursor: first.next_cursor } }));
  if (second.items.length !== 1 || second.items[0]?.id === first.items[0]?.id) {
    throw new Error("the second page is the first");
  }
}

async function main(server: string, email: string): Promise<void> {
  client.setConfig({ baseUrl: server });
  const registered = await must("register", lyo.register({ body: { email, password: "correct horse battery", full_name: "Ada Lovelace" } }));
  client.setConfig({ baseUrl: server, auth: () => registered.access_token });
  await study(await generate());
  await share();
  console.log("learned");
}

main(process.argv[2] ?? "", process.argv[3] ?? "").catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
