// Package docs holds what the documentation says of the API to the running pair: every rpc is described, every rpc that
// is named exists, and every grpcurl line in it runs. It also keeps the words that CONTRIBUTING retired out of the code.
//
// It is not for metrics and settings, which have tests of their own.
package docs
