package server

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// latencyBuckets reach from a lookup in memory, tens of microseconds, to the longest unary rpc. Seconds.
func latencyBuckets() []float64 {
	return []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
}

// lastCode is the highest of gRPC's codes.
const lastCode = codes.Unauthenticated

// metrics are the rpc metrics under the names and labels of go-grpc-middleware, which dashboards know. The counters of
// every rpc are found once, when the services are known, and not by their labels at each call and message, which is
// what a lookup would notice.
type metrics struct {
	started, handled, received, sent *prometheus.CounterVec
	seconds                          *prometheus.HistogramVec

	methods map[string]*methodMetrics // by full name; does not change while rpcs run
}

// methodMetrics are one rpc's.
type methodMetrics struct {
	started, received, sent prometheus.Counter
	handled                 [lastCode + 1]prometheus.Counter
	seconds                 prometheus.Observer
}

// newMetrics makes metrics without rpcs; add adds those.
func newMetrics() *metrics {
	labels := []string{"grpc_type", "grpc_service", "grpc_method"}
	counter := func(name, help string, more ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append(slices.Clip(labels), more...))
	}
	return &metrics{
		started: counter("grpc_server_started_total", "Total number of RPCs started on the server."),
		handled: counter("grpc_server_handled_total",
			"Total number of RPCs completed on the server, regardless of success or failure.", "grpc_code"),
		received: counter("grpc_server_msg_received_total", "Total number of RPC stream messages received on the server."),
		sent:     counter("grpc_server_msg_sent_total", "Total number of gRPC stream messages sent by the server."),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "grpc_server_handling_seconds", Buckets: latencyBuckets(),
			Help: "Histogram of response latency (seconds) of gRPC that had been application-level handled by the server.",
		}, labels),
		methods: make(map[string]*methodMetrics),
	}
}

// add makes the counters of all rpcs, at zero.
func (m *metrics) add(services map[string]grpc.ServiceInfo) {
	for service, info := range services {
		for _, rpc := range info.Methods {
			labels := []string{typeOf(rpc), service, rpc.Name}
			x := &methodMetrics{
				started: m.started.WithLabelValues(labels...), received: m.received.WithLabelValues(labels...),
				sent: m.sent.WithLabelValues(labels...), seconds: m.seconds.WithLabelValues(labels...),
			}
			for code := range x.handled {
				x.handled[code] = m.handled.WithLabelValues(append(labels, codes.Code(code).String())...)
			}
			m.methods["/"+service+"/"+rpc.Name] = x
		}
	}
}

// typeOf is an rpc's kind as the labels have it.
func typeOf(rpc grpc.MethodInfo) string {
	var kind []string
	if rpc.IsClientStream {
		kind = append(kind, "client")
	}
	if rpc.IsServerStream {
		kind = append(kind, "server")
	}
	switch len(kind) {
	case 0:
		return "unary"
	case 1:
		return kind[0] + "_stream"
	default:
		return "bidi_stream"
	}
}

// began counts a unary rpc's beginning, with its request. Nil counts nothing, here and in ended.
func (x *methodMetrics) began() {
	if x != nil {
		x.started.Inc()
		x.received.Inc()
	}
}

// ended counts a unary rpc's end, with its response.
func (x *methodMetrics) ended(err error, start time.Time) {
	if x == nil {
		return
	}
	if err == nil {
		x.sent.Inc()
	}
	x.finished(err, start)
}

// finished counts an rpc's end.
func (x *methodMetrics) finished(err error, start time.Time) {
	x.handled[min(status.Code(err), lastCode)].Inc()
	x.seconds.Observe(time.Since(start).Seconds())
}

// stream counts a stream and its messages.
func (m *metrics) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	x := m.methods[info.FullMethod]
	if x == nil {
		return handler(srv, stream)
	}
	start := time.Now()
	x.started.Inc()
	err := handler(srv, &countedStream{ServerStream: stream, metrics: x})
	x.finished(err, start)
	return err
}

// countedStream counts messages.
type countedStream struct {
	grpc.ServerStream
	metrics *methodMetrics
}

// SendMsg counts what was sent.
func (s *countedStream) SendMsg(m any) error {
	err := s.ServerStream.SendMsg(m)
	if err == nil {
		s.metrics.sent.Inc()
	}
	return err //nolint:wrapcheck // it is gRPC's own, and what the handler compares
}

// RecvMsg counts what was received.
func (s *countedStream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err == nil {
		s.metrics.received.Inc()
	}
	return err //nolint:wrapcheck // it is gRPC's own, and what the handler compares
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range m.collectors() {
		c.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	for _, c := range m.collectors() {
		c.Collect(ch)
	}
}

// collectors are the parts, each of which Prometheus knows how to read.
func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.started, m.handled, m.received, m.sent, m.seconds}
}
