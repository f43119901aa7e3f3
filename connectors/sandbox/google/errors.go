package google

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// apiError is an answer that refuses: the body that Google sends for it follows from its fields.
type apiError struct {
	code    int
	status  string // canonical name: INVALID_ARGUMENT, NOT_FOUND, …
	message string
	details []any
	drive   string // the reason in Drive's older error shape; "" for Sheets and Docs
	where   string // the parameter that Drive blames
}

func (e *apiError) Error() string { return e.message }

func invalid(format string, args ...any) *apiError {
	return &apiError{code: http.StatusBadRequest, status: "INVALID_ARGUMENT", message: fmt.Sprintf(format, args...)}
}

// badField is a request that does not fit the message it should be; the field is blamed in the details too.
func badField(field, format string, args ...any) *apiError {
	e := invalid(format, args...)
	e.details = []any{fieldViolation(field, e.message)}
	return e
}

// badMask is what a fields parameter with an unknown path gets: the reason stands in the details alone.
func badMask(path string) *apiError {
	e := invalid("Request contains an invalid argument.")
	e.details = []any{fieldViolation(path,
		fmt.Sprintf("Error expanding 'fields' parameter. Cannot find matching fields for path '%s'.", path))}
	return e
}

func fieldViolation(field, description string) any {
	return map[string]any{
		"@type":           "type.googleapis.com/google.rpc.BadRequest",
		"fieldViolations": []any{map[string]any{"field": field, "description": description}},
	}
}

func notFound() *apiError {
	return &apiError{code: http.StatusNotFound, status: "NOT_FOUND", message: "Requested entity was not found."}
}

func denied() *apiError {
	return &apiError{code: http.StatusForbidden, status: "PERMISSION_DENIED", message: "The caller does not have permission"}
}

func notSpoken(what string) *apiError {
	return &apiError{
		code: http.StatusNotImplemented, status: "UNIMPLEMENTED",
		message: what + " is part of the real API, but this sandbox does not speak it.",
	}
}

func driveNotFound(id string) *apiError {
	return &apiError{
		code: http.StatusNotFound, message: fmt.Sprintf("File not found: %s.", id), drive: "notFound", where: "fileId",
	}
}

// unauthenticated is the answer to a token that is not known.
func unauthenticated(service string) *apiError {
	return &apiError{
		code: http.StatusUnauthorized, status: "UNAUTHENTICATED",
		message: "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid " +
			"authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
		details: []any{map[string]any{
			"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_TYPE_UNSUPPORTED",
			"domain": "googleapis.com", "metadata": map[string]any{"service": service},
		}},
	}
}

// unregistered is the answer of Sheets and Drive to a request without any Authorization header. They take API keys too,
// so such a caller is one without an identity rather than one with a bad one; Docs takes none and answers 401.
func unregistered(service string) *apiError {
	if service == "docs.googleapis.com" {
		return &apiError{
			code: http.StatusUnauthorized, status: "UNAUTHENTICATED",
			message: "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other " +
				"valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
			details: []any{map[string]any{
				"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "CREDENTIALS_MISSING",
				"domain": "googleapis.com", "metadata": map[string]any{"service": service},
			}},
		}
	}
	return &apiError{
		code: http.StatusForbidden, status: "PERMISSION_DENIED",
		message: "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other " +
			"form of API consumer identity to call this API.",
	}
}

// overQuota is the 429 of a per-minute quota. Google sends no Retry-After with it.
func overQuota(service, group string, limit int) *apiError {
	camel := map[string]string{"Read": "Read", "Write": "Write"}[group] + "RequestsPerMinutePerUser"
	return &apiError{
		code: http.StatusTooManyRequests, status: "RESOURCE_EXHAUSTED",
		message: fmt.Sprintf("Quota exceeded for quota metric '%s requests' and limit '%s requests per minute per user' of service "+
			"'%s' for consumer 'project_number:%s'.", group, group, service, projectNumber),
		details: []any{
			map[string]any{
				"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED", "domain": "googleapis.com",
				"metadata": map[string]any{
					"service": service, "consumer": "projects/" + projectNumber, "quota_location": "global", "quota_limit": camel,
					"quota_metric":      service + "/" + strings.ToLower(group) + "_requests",
					"quota_limit_value": fmt.Sprint(limit), "quota_unit": "1/min/{project}/{user}",
				},
			},
			map[string]any{
				"@type": "type.googleapis.com/google.rpc.Help",
				"links": []any{map[string]any{
					"description": "Request a higher quota limit.",
					"url":         "https://cloud.google.com/docs/quotas/help/request_increase",
				}},
			},
		},
	}
}

const projectNumber = "100000000001"

// body is the JSON that goes over the wire.
func (e *apiError) body() any {
	in := map[string]any{"code": e.code, "message": e.message}
	if e.drive != "" {
		in["errors"] = []any{map[string]any{
			"message": e.message, "domain": "global", "reason": e.drive,
		}}
		if e.where != "" {
			one := asMap(asList(in["errors"])[0])
			one["location"], one["locationType"] = e.where, "parameter"
		}
	}
	if e.status != "" {
		in["status"] = e.status
	}
	if len(e.details) > 0 {
		in["details"] = e.details
	}
	return map[string]any{"error": in}
}

func writeError(w http.ResponseWriter, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		e = &apiError{code: http.StatusInternalServerError, status: "INTERNAL", message: "Internal error encountered."}
	}
	b, _ := json.MarshalIndent(e.body(), "", "  ") // maps and strings always encode
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(e.code)
	_, _ = w.Write(append(b, '\n'))
}
