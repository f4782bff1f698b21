import Testing
import ZeroMQ

/// A number to look at, not to pass: how much the wrapper costs.
struct ThroughputTests {
  @Test func `DEALER to ROUTER, 100 bytes, inproc, one thread`() async throws {
    let (whole, frames) = try await Stage.run { _ in
      (try ThroughputTests.measure(whole: true), try ThroughputTests.measure(whole: false))
    }
    print("DEALER→ROUTER 100 B inproc: \(whole)/s as Multipart, \(frames)/s as spans")
  }

  private static func measure(whole: Bool) throws -> Int {
    let context = try Context()
    var options = SocketOptions()
    options.sendHighWater = 10_000
    let router = try Socket(.router, in: context, options: options)
    let dealer = try Socket(.dealer, in: context, options: options)
    try router.bind("inproc://throughput-\(whole)")
    try dealer.connect("inproc://throughput-\(whole)")
    let frame = [UInt8](repeating: 7, count: 100)
    let message = Multipart([frame])
    var (received, sum) = (0, 0)
    let start = ContinuousClock.now
    for _ in 0..<200 {
      for _ in 0..<500 {
        if whole { _ = try dealer.send(message) } else { _ = try dealer.send(frame.span.bytes, more: false) }
      }
      for _ in 0..<500 {
        if whole {
          sum += try router.receive()?.frames[1].count ?? 0
        } else {
          _ = try router.receive { _, _ in }
          sum += try router.receive { bytes, _ in bytes.byteCount } ?? 0
        }
        received += 1
      }
    }
    #expect(sum == received * 100)
    return Int(Double(received) / ((ContinuousClock.now - start) / .seconds(1)))
  }
}
