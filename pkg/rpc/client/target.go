package client

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

// ErrTarget is what every error about a target's form wraps.
var ErrTarget = errors.New("target has to be host:port, a comma list of them, or a gRPC name such as dns:///host:port")

// listScheme names the resolver of comma lists.
const listScheme = "oddscache-list"

// parseTarget returns the name to dial, and for a comma list the resolver that knows it.
//
//   - "host:port" asks DNS, again and again, and takes all addresses that it answers;
//   - "a:1,b:2" is these addresses, in this order; each name is looked up when it is dialled;
//   - a name with a scheme is gRPC's own.
func parseTarget(target string) (name string, list resolver.Builder, err error) {
	target = strings.TrimSpace(target)
	if strings.Contains(target, "://") || strings.HasPrefix(target, "unix:") {
		return target, nil, nil
	}
	var addresses []resolver.Address
	for part := range strings.SplitSeq(target, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if _, port, err := net.SplitHostPort(part); err != nil || port == "" {
			return "", nil, fmt.Errorf("%q in %q: %w", part, target, ErrTarget)
		}
		// The server name is what TLS checks and what the server sees as its authority.
		addresses = append(addresses, resolver.Address{Addr: part, ServerName: part})
	}
	switch len(addresses) {
	case 0:
		return "", nil, fmt.Errorf("%q: %w", target, ErrTarget)
	case 1:
		return "dns:///" + addresses[0].Addr, nil, nil
	}
	var endpoints []resolver.Endpoint
	for _, a := range addresses {
		endpoints = append(endpoints, resolver.Endpoint{Addresses: []resolver.Address{a}})
	}
	builder := manual.NewBuilderWithScheme(listScheme)
	builder.InitialState(resolver.State{Addresses: addresses, Endpoints: endpoints})
	return listScheme + ":///servers", builder, nil
}
