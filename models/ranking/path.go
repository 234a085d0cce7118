package ranking

import (
	"cmp"
	"slices"
)

// PathCourse is a course that may be a step of a learning path.
type PathCourse struct {
	ID            string
	Skills        []string
	Teaches       []string // the skills asked for that it teaches
	Prerequisites []string // what its lessons assume, in their words
	Level         string
	Quality       float64 // 0 to 1
}

// Step is a course's position in a path: after all its prerequisites.
type Step struct {
	Course     PathCourse
	After      []string // ids of earlier steps
	Confidence float64  // 0 to 1
}

// mostOfLevel is how many courses of a skill and level a path has.
const mostOfLevel = 2

// Path orders courses for skills: easier ones of a skill before harder ones, and a course
// that assumes another's skill after that one. Levels below a learner's mastery are left
// out. Cycles are cut where they would close.
func Path(courses []PathCourse, mastery map[string]float64) []Step {
	courses = slices.Clone(courses)
	slices.SortFunc(courses, func(a, b PathCourse) int {
		return cmp.Or(cmp.Compare(slices.Index(levels, a.Level), slices.Index(levels, b.Level)), cmp.Compare(b.Quality, a.Quality), cmp.Compare(a.ID, b.ID))
	})
	chosen := choose(courses, mastery)
	placed, open := map[string]bool{}, map[string]bool{}
	var steps []Step
	var place func(c PathCourse)
	place = func(c PathCourse) {
		if placed[c.ID] || open[c.ID] {
			return // visited, or a cycle
		}
		open[c.ID] = true
		step := Step{Course: c, After: []string{}, Confidence: confidence(c, mastery)}
		for _, other := range chosen {
			if buildsOn(c, other) {
				place(other)
				if placed[other.ID] {
					step.After = append(step.After, other.ID)
				}
			}
		}
		open[c.ID], placed[c.ID] = false, true
		steps = append(steps, step)
	}
	for _, c := range chosen {
		place(c)
	}
	return steps
}

// choose returns the best of each skill and level that the learner still needs.
func choose(courses []PathCourse, mastery map[string]float64) (chosen []PathCourse) {
	count := map[[2]string]int{}
	for _, c := range courses {
		needed := false
		for _, skill := range c.Teaches {
			known := mastery[skill] >= MasteredFrom && c.Level == levels[0]
			if key := [2]string{skill, c.Level}; !known && count[key] < mostOfLevel {
				count[key]++
				needed = true
			}
		}
		if needed {
			chosen = append(chosen, c)
		}
	}
	return chosen
}

// buildsOn reports whether a course comes after another: it is a harder one of the same skill,
// or assumes what the other, which is no harder, teaches and it does not.
func buildsOn(c, other PathCourse) bool {
	if c.ID == other.ID {
		return false
	}
	above := slices.Index(levels, c.Level) - slices.Index(levels, other.Level)
	return above > 0 && slices.ContainsFunc(c.Teaches, func(s string) bool { return slices.Contains(other.Teaches, s) }) ||
		above >= 0 && slices.ContainsFunc(other.Skills, func(s string) bool {
			return slices.Contains(c.Prerequisites, s) && !slices.Contains(c.Skills, s)
		})
}

// confidence returns how likely a step helps: good courses on skills not yet mastered.
func confidence(c PathCourse, mastery map[string]float64) float64 {
	need := 0.0
	for _, s := range c.Teaches {
		need = max(need, 1-mastery[s])
	}
	return rounded(min(0.2+0.4*need+0.4*c.Quality, 1))
}
