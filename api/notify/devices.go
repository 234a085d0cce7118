package notify

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// devices registers the routes of push devices.
func (h *handlers) devices() {
	rest.Register(h.API, huma.Operation{
		OperationID: "register-device", Method: http.MethodPost, Path: "/v1/push/devices/register", Tags: []string{TagPush},
		Summary: "Register a device for push",
		Description: "To be called at every start of the app. A token belongs to the user who registered it last; the same token, however it is spelled and " +
			"whatever its environment, is the same device. A browser sends its PushSubscription as subscription instead of device_token, made with the " +
			"key of GET /v1/push/web-key. The device gets no more pushes once the session that registered it ends.",
		DefaultStatus: http.StatusOK,
	}, h.registerDevice)
	rest.Register(h.API, huma.Operation{
		OperationID: "get-web-push-key", Method: http.MethodGet, Path: "/v1/push/web-key", Tags: []string{TagPush},
		Summary:     "Get the web push key",
		Description: "The applicationServerKey for PushManager.subscribe. 404: this server does not push to browser subscriptions; FCM tokens may work.",
		Errors:      []int{http.StatusNotFound},
	}, h.webPushKey, rest.Public)
	rest.Register(h.API, huma.Operation{
		OperationID: "list-devices", Method: http.MethodGet, Path: "/v1/push/devices", Tags: []string{TagPush},
		Summary:     "List your devices",
		Description: "Newest first.",
	}, h.listDevices)
	rest.Register(h.API, huma.Operation{
		OperationID: "delete-device", Method: http.MethodDelete, Path: "/v1/push/devices/{id}", Tags: []string{TagPush},
		Summary: "Delete a device", DefaultStatus: http.StatusOK,
	}, h.deleteDevice)
	rest.Register(h.API, huma.Operation{
		OperationID: "deactivate-device", Method: http.MethodPost, Path: "/v1/push/devices/{id}/deactivate", Tags: []string{TagPush},
		Summary:       "Deactivate a device",
		Description:   "It gets no pushes until it registers again. Repeating it changes nothing.",
		DefaultStatus: http.StatusOK,
	}, h.deactivateDevice)
}

type registerDeviceInput struct {
	Body deviceBody `contentType:"application/json"`
}

// deviceBody is a device in a request. It requires device_type or platform, and device_token or, for a
// browser, subscription.
type deviceBody struct {
	DeviceToken *string `json:"device_token,omitempty" nullable:"true" maxLength:"4096" doc:"An APNs or FCM token of at least 10 characters; absent with subscription."`
	// Subscription is for browsers only.
	Subscription *subscriptionBody `json:"subscription,omitempty" doc:"A browser's PushSubscription, instead of device_token."`
	DeviceType   *string           `json:"device_type,omitempty" nullable:"true" set:"platform,loosely" doc:"ios, android or web."`
	Platform     *string           `json:"platform,omitempty" nullable:"true" set:"platform,loosely" doc:"Alias of device_type."`
	DeviceInfo   json.RawMessage   `json:"device_info,omitempty" doc:"Any JSON, up to 4 kB."`
	Locale       *string           `json:"locale,omitempty" nullable:"true" maxLength:"35" text:"line"`
	AppVersion   *string           `json:"app_version,omitempty" nullable:"true" maxLength:"100" text:"line"`
	DeviceModel  *string           `json:"device_model,omitempty" nullable:"true" maxLength:"100" text:"line"`
	OSVersion    *string           `json:"os_version,omitempty" nullable:"true" maxLength:"100" text:"line"`
	Environment  *string           `json:"environment,omitempty" nullable:"true" set:"push_service,loosely" doc:"production (the default) or sandbox; for APNs tokens."`
}

// subscriptionBody is a PushSubscription in the form of its toJSON.
type subscriptionBody struct {
	Endpoint string           `json:"endpoint" maxLength:"4096" format:"uri" doc:"An https URL of a push service."`
	Keys     subscriptionKeys `json:"keys"`
}

type subscriptionKeys struct {
	P256DH string `json:"p256dh" maxLength:"200" doc:"A P-256 point of 65 bytes, in base64url."`
	Auth   string `json:"auth" maxLength:"100" doc:"16 bytes, in base64url."`
}

func (b *subscriptionBody) canonical() (notify.WebSubscription, map[string]string) {
	return notify.WebSubscription{Endpoint: b.Endpoint, P256DH: b.Keys.P256DH, Auth: b.Keys.Auth}.Canonical()
}

// info returns the device's JSON without spaces, nil for none.
func (b deviceBody) info() json.RawMessage {
	if b.DeviceInfo == nil || string(b.DeviceInfo) == "null" {
		return nil
	}
	var tight bytes.Buffer
	_ = json.Compact(&tight, b.DeviceInfo) // it was read as JSON
	return tight.Bytes()
}

// mostDeviceInfo is the maximum size in bytes of a device's stored JSON.
const mostDeviceInfo = 4096

// Resolve reports the rule violations that the schema cannot express.
func (in *registerDeviceInput) Resolve(huma.Context) []error {
	var faults rest.FieldFaults
	b := in.Body
	switch b.kind() {
	case notify.PlatformIOS, notify.PlatformAndroid, notify.PlatformWeb:
	default:
		faults.Add("device_type", "must be ios, android or web")
	}
	if e := b.environment(); e != notify.EnvironmentProduction && e != notify.EnvironmentSandbox {
		faults.Add("environment", "must be production or sandbox")
	}
	b.address(&faults)
	if len(b.info()) > mostDeviceInfo {
		faults.Add("device_info", "must not be more than 4 kB of JSON")
	}
	return faults
}

// address validates the target of pushes.
func (b deviceBody) address(faults *rest.FieldFaults) {
	token := notify.PushToken(rest.TextOf(b.DeviceToken))
	switch {
	case b.Subscription == nil:
		if fault := notify.PushTokenFault(token); fault != "" {
			faults.Add("device_token", fault)
		}
	case token != "":
		faults.Add("device_token", "must not be there beside subscription")
	case b.kind() != notify.PlatformWeb:
		faults.Add("subscription", "is of browsers only: device_type must be web")
	default:
		_, wrong := b.Subscription.canonical()
		for path, fault := range wrong {
			faults.Add("subscription."+path, fault)
		}
	}
}

func (b deviceBody) kind() string {
	return strings.ToLower(cmp.Or(rest.TextOf(b.DeviceType), rest.TextOf(b.Platform)))
}

func (b deviceBody) environment() string {
	return strings.ToLower(cmp.Or(rest.TextOf(b.Environment), notify.EnvironmentProduction))
}

type deviceView struct {
	ID          uuid.UUID       `json:"id" format:"uuid"`
	DeviceToken string          `json:"device_token" doc:"Masked except for the last six characters; for a browser subscription, of its endpoint."`
	DeviceType  string          `json:"device_type" set:"platform"`
	Platform    string          `json:"platform" set:"platform" doc:"The same as device_type."`
	Environment string          `json:"environment" set:"push_service"`
	IsActive    bool            `json:"is_active"`
	OffReason   string          `json:"off_reason" doc:"Why the device is inactive: user, silent (for 60 days), signed_out, or the push service's reason."`
	DeviceInfo  json.RawMessage `json:"device_info,omitempty" doc:"As sent by the app; absent if it sent none."`
	Locale      string          `json:"locale"`
	AppVersion  string          `json:"app_version"`
	DeviceModel string          `json:"device_model"`
	OSVersion   string          `json:"os_version"`
	CreatedAt   time.Time       `json:"created_at"`
	LastUsed    time.Time       `json:"last_used" doc:"When the app last registered it"`
}

func viewDevice(d notify.Device) deviceView {
	return deviceView{
		ID: d.ID, DeviceToken: maskedToken(d.Token), DeviceType: d.Platform, Platform: d.Platform, Environment: d.Environment,
		IsActive: d.IsActive, OffReason: d.OffReason, DeviceInfo: d.DeviceInfo, Locale: d.Locale, AppVersion: d.AppVersion,
		DeviceModel: d.DeviceModel, OSVersion: d.OSVersion, CreatedAt: d.CreatedAt.UTC(), LastUsed: d.LastUsedAt.UTC(),
	}
}

// maskedToken shows the last six characters. It does not reveal the token's length.
func maskedToken(token string) string {
	runes := []rune(token)
	return "****" + string(runes[max(0, utf8.RuneCountInString(token)-6):])
}

func (h *handlers) registerDevice(ctx context.Context, in *registerDeviceInput) (*rest.Body[deviceView], error) {
	b, now := in.Body, h.Now()
	who := rest.PrincipalOf(ctx)
	var web notify.WebSubscription
	if b.Subscription != nil {
		web, _ = b.Subscription.canonical() // it was checked
	}
	made, err := notify.RegisterDevice(ctx, h.DB, notify.Device{
		ID: store.NewID(), UserID: who.UserID, SessionID: &who.SessionID, Token: cmp.Or(web.Endpoint, rest.TextOf(b.DeviceToken)), WebP256DH: web.P256DH, WebAuth: web.Auth, Platform: b.kind(), Environment: b.environment(),
		DeviceInfo: b.info(), Locale: rest.TextOf(b.Locale), AppVersion: rest.TextOf(b.AppVersion), DeviceModel: rest.TextOf(b.DeviceModel),
		OSVersion: rest.TextOf(b.OSVersion), CreatedAt: now, LastUsedAt: now,
	})
	return rest.Answer(viewDevice(made)), err
}

type listDevicesInput struct {
	rest.Paging
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (h *handlers) listDevices(ctx context.Context, in *listDevicesInput) (*rest.Page[deviceView], error) {
	user := rest.PrincipalOf(ctx).UserID
	return rest.List[notify.Device, deviceView]{
		Name: "devices", Filter: user, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]notify.Device, error) {
			return notify.ListDevices(ctx, h.DB, user, notify.DeviceFilter{After: after, Offset: in.Skip(), Limit: limit})
		},
		Keyset: func(d notify.Device) store.Keyset { return store.Keyset{At: d.CreatedAt, ID: d.ID} },
		Show:   viewDevice,
	}.Page(ctx, h.API)
}

type messageView struct {
	Message string `json:"message"`
}

func (h *handlers) deleteDevice(ctx context.Context, in *rest.PathID) (*rest.Body[messageView], error) {
	err := notify.DeleteDevice(ctx, h.DB, rest.PrincipalOf(ctx).UserID, in.ID)
	return rest.Answer(messageView{"The device is forgotten."}), err
}

func (h *handlers) deactivateDevice(ctx context.Context, in *rest.PathID) (*rest.Body[deviceView], error) {
	device, err := notify.SwitchOffDevice(ctx, h.DB, rest.PrincipalOf(ctx).UserID, in.ID, h.Now())
	return rest.Answer(viewDevice(device)), err
}

type webPushKeyView struct {
	PublicKey string `json:"public_key" doc:"An uncompressed P-256 point, in base64url."`
}

func (h *handlers) webPushKey(_ context.Context, in *rest.Reading) (*rest.Tagged[webPushKeyView], error) {
	keys, err := h.Push.VAPID()
	if err != nil {
		return nil, err
	}
	if keys.Public == "" {
		return nil, store.Errorf(store.NotFound, "This server has no key for browsers' subscriptions; register a token of FCM instead.")
	}
	return rest.Conditional(in.IfNoneMatch, webPushKeyView{keys.Public})
}
