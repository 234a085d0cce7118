package payload

import (
	"fmt"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// Most is the largest payload in bytes. Workflows carry ids and small values; a larger
// payload is put into a history by mistake, and from 2 MB on the server refuses it again
// and again.
const Most = 256 << 10

// TooLarge is the type of the failure.
const TooLarge = "payload_too_large"

// Converter returns the data converter for clients of Temporal. Without keys nothing is
// encrypted, and payloads encrypted earlier cannot be read.
func Converter(keys *Keys) converter.DataConverter {
	guarded := guard{converter.GetDefaultDataConverter()}
	if keys == nil {
		return guarded
	}
	return converter.NewCodecDataConverter(guarded, keys)
}

// Failures returns the failure converter: with keys, messages are encrypted too.
func Failures(keys *Keys) converter.FailureConverter {
	return temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: Converter(keys), EncodeCommonAttributes: keys != nil,
	})
}

// guard fails payloads that are too large, non-retryably, in both workflows and activities.
type guard struct{ converter.DataConverter }

// ToPayload converts one value.
func (g guard) ToPayload(value any) (*common.Payload, error) {
	p, err := g.DataConverter.ToPayload(value)
	if err != nil {
		return nil, err
	}
	return p, check(p)
}

// ToPayloads converts the values of one call.
func (g guard) ToPayloads(values ...any) (*common.Payloads, error) {
	all, err := g.DataConverter.ToPayloads(values...)
	if err != nil {
		return nil, err
	}
	for _, p := range all.GetPayloads() {
		if err := check(p); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func check(p *common.Payload) error {
	if len(p.GetData()) <= Most {
		return nil
	}
	return temporal.NewNonRetryableApplicationError(
		fmt.Sprintf("A payload has %d bytes, %d more than may go into a history: hand on an id.", len(p.GetData()), len(p.GetData())-Most), TooLarge, nil)
}
