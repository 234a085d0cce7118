package activities

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/privacy"
)

// ExportActivities packs all data of a user.
//
// Each file is first collected into pieces of its own, since a ZIP is written in one
// go and a workflow can only report steps; then all are packed. At most one piece and
// one row are in memory.
type ExportActivities struct {
	DB    *gorm.DB
	Clock func() time.Time
}

// pieceBytes is the size of all pieces but the last.
const pieceBytes = 1 << 20

// fileRange returns the positions of a file's pieces, behind those of the archive.
func fileRange(index int) (first, end int) {
	return (index + 1) * privacy.ExportRoom, (index + 2) * privacy.ExportRoom
}

// ListFiles returns the names of the files to collect, in order.
func (e *ExportActivities) ListFiles(context.Context) ([]string, error) {
	var files []string
	for _, p := range privacy.PersonalData() {
		if p.File != "" && !slices.Contains(files, p.File) {
			files = append(files, p.File)
		}
	}
	return files, nil
}

// CollectInput identifies one file of an export.
type CollectInput struct {
	ExportID uuid.UUID `json:"export_id"`
	Index    int       `json:"index"` // in the list of files
	File     string    `json:"file"`
}

// CollectFile writes the JSON of a file into pieces, all or nothing. Key: (export,
// index); a repeat starts the file anew. An export that is gone is not found.
func (e *ExportActivities) CollectFile(ctx context.Context, in CollectInput) error {
	return toApplicationError(privacy.ChangeExport(ctx, e.DB, in.ExportID, func(tx *gorm.DB, export privacy.Export) error {
		first, end := fileRange(in.Index)
		if err := privacy.DropExportParts(ctx, tx, in.ExportID, first, end); err != nil {
			return err
		}
		out := &pieces{ctx: ctx, db: tx, export: in.ExportID, next: first}
		rows := &jsonRows{out: out, single: in.File == "profile.json"}
		err := privacy.EachPersonalRow(ctx, tx, export.UserID, in.File, func(row []byte) error {
			heartbeat(ctx)
			return rows.add(row)
		})
		if err != nil {
			return err
		}
		if err := rows.close(); err != nil {
			return err
		}
		return out.close()
	}))
}

// PackInput identifies an export and its files in order.
type PackInput struct {
	ExportID uuid.UUID `json:"export_id"`
	Files    []string  `json:"files"`
}

// PackExport packs the collected files into the archive, deletes them, and makes the
// export ready for a day, all or nothing. Key: the export's id; a ready one stays as it
// is.
func (e *ExportActivities) PackExport(ctx context.Context, in PackInput) error {
	return toApplicationError(privacy.ChangeExport(ctx, e.DB, in.ExportID, func(tx *gorm.DB, export privacy.Export) error {
		if export.ExpiresAt != nil {
			return nil
		}
		out := &pieces{ctx: ctx, db: tx, export: in.ExportID, next: 1}
		if err := e.pack(in, out); err != nil {
			return err
		}
		if err := privacy.FinishExport(ctx, tx, in.ExportID, out.size, e.Clock()); err != nil {
			return err
		}
		_, last := fileRange(len(in.Files))
		return privacy.DropExportParts(ctx, tx, in.ExportID, privacy.ExportRoom, last)
	}))
}

func (e *ExportActivities) pack(in PackInput, out *pieces) error {
	archive := zip.NewWriter(out)
	add := func(name string, content io.Reader) error {
		entry, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: e.Clock()})
		if err == nil {
			_, err = io.Copy(entry, content)
		}
		return err
	}
	if err := add("README.txt", strings.NewReader(exportReadme(in.Files))); err != nil {
		return err
	}
	for i, name := range in.Files {
		first, end := fileRange(i)
		if err := add(name, &pieceReader{ctx: out.ctx, db: out.db, export: in.ExportID, next: first, end: end}); err != nil {
			return fmt.Errorf("pack %s: %w", name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return out.close()
}

// exportReadme returns the description of the files.
func exportReadme(files []string) string {
	var text strings.Builder
	text.WriteString("What Lyo keeps about you, as JSON. Times are in UTC.\n\n")
	for _, name := range files {
		fmt.Fprintf(&text, "%-20s %s\n", name, privacy.AboutFile(name))
	}
	text.WriteString("\nPasswords and tokens are kept as hashes only, which are left out.\n")
	return text.String()
}

// GiveUpExport deletes an export whose task failed. Key: the export's id.
func (e *ExportActivities) GiveUpExport(ctx context.Context, export uuid.UUID) error {
	return toApplicationError(privacy.DropExport(ctx, e.DB, export))
}

// jsonRows writes rows as one array, or as the single object.
type jsonRows struct {
	out    io.Writer
	single bool
	rows   int
}

func (j *jsonRows) add(row []byte) error {
	var text bytes.Buffer
	switch {
	case j.single:
	case j.rows == 0:
		text.WriteString("[\n  ")
	default:
		text.WriteString(",\n  ")
	}
	j.rows++
	prefix := "  "
	if j.single {
		prefix = ""
	}
	if err := json.Indent(&text, row, prefix, "  "); err != nil {
		return err
	}
	_, err := j.out.Write(text.Bytes())
	return err
}

func (j *jsonRows) close() error {
	end := "\n]\n"
	switch {
	case j.single:
		end = "\n"
	case j.rows == 0:
		end = "[]\n"
	}
	_, err := io.WriteString(j.out, end)
	return err
}

// pieces stores what is written to it, one row per piece.
type pieces struct {
	ctx    context.Context
	db     *gorm.DB
	export uuid.UUID
	next   int
	size   int64
	buffer []byte
}

// Write fails with the database's error.
func (p *pieces) Write(data []byte) (int, error) {
	for rest := data; len(rest) > 0; {
		n := min(len(rest), pieceBytes-len(p.buffer))
		p.buffer, rest = append(p.buffer, rest[:n]...), rest[n:]
		if len(p.buffer) == pieceBytes {
			if err := p.flush(); err != nil {
				return 0, err
			}
		}
	}
	return len(data), nil
}

func (p *pieces) close() error {
	if len(p.buffer) == 0 {
		return nil
	}
	return p.flush()
}

func (p *pieces) flush() error {
	heartbeat(p.ctx)
	err := privacy.AddExportPart(p.ctx, p.db, privacy.ExportPart{ExportID: p.export, Position: p.next, Data: p.buffer})
	p.next, p.size, p.buffer = p.next+1, p.size+int64(len(p.buffer)), p.buffer[:0]
	return err
}

// pieceReader reads what pieces has stored.
type pieceReader struct {
	ctx       context.Context
	db        *gorm.DB
	export    uuid.UUID
	next, end int
	rest      []byte
}

// Read ends with the last piece.
func (r *pieceReader) Read(into []byte) (int, error) {
	if len(r.rest) == 0 {
		heartbeat(r.ctx)
		part, ok, err := privacy.NextExportPart(r.ctx, r.db, r.export, r.next, r.end)
		if err != nil {
			return 0, err
		}
		if !ok {
			return 0, io.EOF
		}
		r.rest, r.next = part.Data, part.Position+1
	}
	n := copy(into, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
