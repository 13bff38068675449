package client

import (
	"encoding/json"
	"fmt"
	"strings"
)

// serviceConfig is the part of gRPC's service config that is used here; its field names are the specification's.
type serviceConfig struct {
	LoadBalancingConfig []map[string]struct{} `json:"loadBalancingConfig"`
	MethodConfig        []methodConfig        `json:"methodConfig"`
	RetryThrottling     retryThrottling       `json:"retryThrottling"`
	HealthCheckConfig   *healthCheckConfig    `json:"healthCheckConfig,omitempty"`
}

// methodConfig is the policy of some rpcs; without a retryPolicy they are never tried again.
type methodConfig struct {
	Name        []methodName `json:"name"`
	RetryPolicy *retryPolicy `json:"retryPolicy,omitempty"`
}

// methodName without a service stands for all rpcs that no other entry names.
type methodName struct {
	Service string `json:"service,omitempty"`
	Method  string `json:"method,omitempty"`
}

// retryPolicy says when a call is tried again. gRPC waits a random part of the backoff, which grows by the multiplier.
type retryPolicy struct {
	MaxAttempts          int      `json:"maxAttempts"`
	InitialBackoff       string   `json:"initialBackoff"`
	MaxBackoff           string   `json:"maxBackoff"`
	BackoffMultiplier    float64  `json:"backoffMultiplier"`
	RetryableStatusCodes []string `json:"retryableStatusCodes"`
}

// retryThrottling stops retries while most calls fail: each failure takes a token, each success gives a part of one
// back, and below half of maxTokens nothing is tried again.
type retryThrottling struct {
	MaxTokens  int     `json:"maxTokens"`
	TokenRatio float64 `json:"tokenRatio"`
}

// healthCheckConfig names the service whose health decides which addresses are used.
type healthCheckConfig struct {
	ServiceName string `json:"serviceName"`
}

// serviceConfig writes the options' service config.
func (o Options) serviceConfig() (string, error) {
	policy := o.Policy
	switch policy {
	case "":
		policy = RoundRobin
	case RoundRobin, PickFirst:
	default:
		return "", fmt.Errorf("policy %q is neither %s nor %s", policy, RoundRobin, PickFirst)
	}
	config := serviceConfig{
		LoadBalancingConfig: []map[string]struct{}{{string(policy): {}}},
		MethodConfig: []methodConfig{{Name: []methodName{{}}, RetryPolicy: &retryPolicy{
			MaxAttempts: 4, InitialBackoff: "0.1s", MaxBackoff: "2s", BackoffMultiplier: 2,
			RetryableStatusCodes: []string{"UNAVAILABLE"},
		}}},
		RetryThrottling: retryThrottling{MaxTokens: 100, TokenRatio: 0.1},
	}
	if o.HealthService != "" {
		if policy != RoundRobin {
			return "", fmt.Errorf("following the health of %s needs %s, not %s", o.HealthService, RoundRobin, policy)
		}
		config.HealthCheckConfig = &healthCheckConfig{ServiceName: o.HealthService}
	}
	var never []methodName
	for _, name := range o.NoRetry {
		service, method, ok := strings.Cut(strings.TrimPrefix(name, "/"), "/")
		if !ok || service == "" || method == "" {
			return "", fmt.Errorf("rpc %q is not of the form package.Service/Method", name)
		}
		never = append(never, methodName{Service: service, Method: method})
	}
	if never != nil {
		config.MethodConfig = append(config.MethodConfig, methodConfig{Name: never})
	}
	text, err := json.Marshal(config)
	if err != nil {
		return "", fmt.Errorf("writing the service config: %w", err)
	}
	return string(text), nil
}
