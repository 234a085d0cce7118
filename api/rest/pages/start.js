// The filter finds operations by any of these, not only by their tag, as Swagger UI's own does.
const text = (o) => [o.get("method"), o.get("path"), o.getIn(["operation", "summary"]), o.getIn(["operation", "operationId"])].join(" ").toLowerCase();

const FilterOperations = ({ React }) => ({
  fn: {
    opsFilter: (tags, phrase) => {
      const words = phrase.toLowerCase().split(/\s+/);
      return tags
        .map((tag, name) => tag.update("operations", (all) => all.filter((o) => words.every((w) => `${name.toLowerCase()} ${text(o)}`.includes(w)))))
        .filter((tag) => tag.get("operations").size > 0);
    },
  },
  statePlugins: {
    layout: {
      wrapSelectors: {
        // Tags are folded at first, since so many operations take a while to draw; those found are shown.
        isShown: (original) => (state, thing, usual) =>
          original(thing, usual || (thing[0] === "operations-tag" && typeof state.get("filter") === "string" && state.get("filter") !== "")),
      },
    },
  },
  components: {
    FilterContainer: ({ layoutSelectors, layoutActions }) => {
      const phrase = layoutSelectors.currentFilter();
      return React.createElement("div", { className: "filter wrapper" }, React.createElement("input", {
        className: "operation-filter-input", type: "text", placeholder: "Filter operations", "aria-label": "Filter operations",
        value: typeof phrase === "string" ? phrase : "", onChange: (e) => layoutActions.updateFilter(e.target.value),
      }));
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
  docExpansion: "none",
  filter: true,
  persistAuthorization: true,
  plugins: [FilterOperations],
  presets: [SwaggerUIBundle.presets.apis],
  syntaxHighlight: { theme: "tomorrow-night" },
  tryItOutEnabled: true,
  validatorUrl: null,
});
