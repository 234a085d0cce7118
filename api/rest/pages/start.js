// The filter finds operations by any of these, not only by their tag, as Swagger UI's own does.
const text = (o) => [o.get("method"), o.get("path"), o.getIn(["operation", "summary"]), o.getIn(["operation", "operationId"])].join(" ").toLowerCase();

const FilterOperations = () => ({
  fn: {
    opsFilter: (tags, phrase) => {
      const words = phrase.toLowerCase().split(/\s+/);
      return tags
        .map((tag, name) => tag.update("operations", (all) => all.filter((o) => words.every((w) => `${name.toLowerCase()} ${text(o)}`.includes(w)))))
        .filter((tag) => tag.get("operations").size > 0);
    },
  },
});

// The document of 3.0: Swagger UI resolves references of 3.1 so slowly that the page hangs for seconds.
window.ui = SwaggerUIBundle({
  url: "/openapi-3.0.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  persistAuthorization: true,
  plugins: [FilterOperations],
  presets: [SwaggerUIBundle.presets.apis],
  tryItOutEnabled: true,
  validatorUrl: null,
});
