package config

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"strings"
)

// section is a struct of settings, row one of them.
type section struct {
	name, about string
	rows        []row
}

type row struct{ name, standard, about string }

// describe reads the structs in the order of Config.
func describe() ([]section, error) {
	structs, err := parseStructs()
	if err != nil {
		return nil, err
	}
	top := reflect.TypeFor[Config]()
	sections := []section{structs[top.Name()].section("General")}
	for field := range top.Fields() {
		if field.Type.Kind() != reflect.Struct {
			continue
		}
		parsed, ok := structs[field.Type.Name()]
		if !ok {
			return nil, fmt.Errorf("no struct %s in the source", field.Type.Name())
		}
		sections = append(sections, parsed.section(field.Type.Name()))
	}
	return sections, nil
}

// parsedStruct is a struct with its comments.
type parsedStruct struct {
	doc    string
	fields []*ast.Field
}

func parseStructs() (map[string]parsedStruct, error) {
	files, err := source.ReadDir(".")
	if err != nil {
		return nil, err
	}
	found := map[string]parsedStruct{}
	for _, f := range files {
		text, err := source.ReadFile(f.Name())
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), f.Name(), text, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			if general, ok := d.(*ast.GenDecl); ok {
				addStructs(found, general)
			}
		}
	}
	return found, nil
}

func addStructs(to map[string]parsedStruct, general *ast.GenDecl) {
	for _, s := range general.Specs {
		named, ok := s.(*ast.TypeSpec)
		if !ok {
			continue
		}
		if body, ok := named.Type.(*ast.StructType); ok {
			to[named.Name.Name] = parsedStruct{general.Doc.Text(), body.Fields.List}
		}
	}
}

func (p parsedStruct) section(name string) section {
	about := words(p.doc)
	if name == "General" {
		about = "What every process reads."
	} else if rest := inOperatorsWords(name, about); rest != "" {
		about = strings.ToUpper(rest[:1]) + rest[1:]
	}
	s := section{name: name, about: about}
	for _, f := range p.fields {
		if f.Tag == nil || len(f.Names) == 0 {
			continue
		}
		tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`"))
		if key, ok := tag.Lookup("env"); ok {
			about := words(f.Doc.Text() + " " + f.Comment.Text())
			s.rows = append(s.rows, row{key, tag.Get("envDefault"), inOperatorsWords(f.Names[0].Name, about)})
		}
	}
	return s
}

// inOperatorsWords removes the field's name, with which a Go comment begins.
func inOperatorsWords(field, about string) string {
	for _, begin := range []string{field + " is ", field + " are ", field + " "} {
		if rest, ok := strings.CutPrefix(about, begin); ok {
			return rest
		}
	}
	return about
}

var space = regexp.MustCompile(`\s+`)

func words(text string) string { return strings.TrimSpace(space.ReplaceAllString(text, " ")) }
