package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"gocloud.dev/blob"
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcp"
)

// bucketFile is an object in S3 or Google Cloud Storage. Its stored checksum is no sha256 of the
// whole, so only the bytes themselves are trusted.
type bucketFile struct {
	mux *blob.URLMux
	at  *url.URL
}

func (b bucketFile) name() string { return plainURL(b.at) }

func (b bucketFile) open(ctx context.Context, at int64, tag string) (stream, error) {
	whole := *b.at
	whole.Path, whole.RawPath = "", ""
	bucket, err := b.mux.OpenBucket(ctx, whole.String())
	if err != nil {
		return stream{}, &sourceError{fmt.Errorf("opening %s: %w", b.name(), err)}
	}
	in, err := b.read(ctx, bucket, at, tag)
	if err != nil {
		return stream{}, errors.Join(err, bucket.Close())
	}
	return in, nil
}

func (b bucketFile) read(ctx context.Context, bucket *blob.Bucket, at int64, tag string) (stream, error) {
	key := keyOf(b.at.Path)
	is, err := bucket.Attributes(ctx, key)
	if err != nil {
		return stream{}, b.explain(err)
	}
	if tag != "" && tag != is.ETag || at > is.Size {
		at = 0
	}
	r, err := bucket.NewRangeReader(ctx, key, at, -1, nil)
	if err != nil {
		return stream{}, b.explain(err)
	}
	return stream{body: both{r, bucket}, at: at, size: is.Size, tag: is.ETag}, nil
}

func (b bucketFile) explain(err error) error {
	err = fmt.Errorf("reading %s: %w", b.name(), err)
	if missing(err) {
		return &sourceError{err}
	}
	return err
}

// both closes the bucket after its reader.
type both struct {
	io.ReadCloser

	bucket io.Closer
}

// Close implements io.Closer.
func (b both) Close() error { return errors.Join(b.ReadCloser.Close(), b.bucket.Close()) }

// buckets opens s3:// and gs:// with the settings that the clouds' own tools use.
func buckets() *blob.URLMux {
	mux := new(blob.URLMux)
	mux.RegisterBucket(schemeS3, amazon{})
	mux.RegisterBucket(schemeGoogle, google{})
	return mux
}

type amazon struct{}

// OpenBucketURL implements blob.BucketURLOpener. The library's opener caches its last options, so
// each call has its own. The service's checksums are not used, since the digest of the whole is
// compared here, and the SDK would warn of every range that has none.
func (amazon) OpenBucketURL(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	at, q := *u, u.Query()
	if !q.Has("response_checksum_validation") {
		q.Set("response_checksum_validation", "when_required")
	}
	at.RawQuery = q.Encode()
	return new(s3blob.URLOpener).OpenBucketURL(ctx, &at)
}

type google struct{}

// OpenBucketURL implements blob.BucketURLOpener. The library's default opener prints to standard
// output when there are no credentials; this one returns the error.
func (google) OpenBucketURL(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	if u.Query().Get("anonymous") == "true" {
		return (&gcsblob.URLOpener{Client: gcp.NewAnonymousHTTPClient(gcp.DefaultTransport())}).OpenBucketURL(ctx, u)
	}
	credentials, err := gcp.DefaultCredentials(ctx)
	if err != nil {
		return nil, fmt.Errorf("finding Google's credentials: %w", err)
	}
	client, err := gcp.NewHTTPClient(gcp.DefaultTransport(), gcp.CredentialsTokenSource(credentials))
	if err != nil {
		return nil, fmt.Errorf("using Google's credentials: %w", err)
	}
	return (&gcsblob.URLOpener{Client: client}).OpenBucketURL(ctx, u)
}
