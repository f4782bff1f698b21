import BusProtocol
import BusSpool
import Testing

@testable import BusBroker
@testable import BusSimulation

/// What the spool loop does with a batch that came while its disk was full, and comes again.
struct FailedCommitTests {
  @Test func `I31 a batch that ends with a denied event and was not stored is stored when it comes again`() throws {
    let bench = try CarryBench()
    let outbox = try bench.outbox(["order_paid", "order_paid", "secret"])
    #expect(try bench.carry(outbox, count: 1) == nil, "the outbox has its owner")
    bench.disk.change { $0.isFull = true }
    #expect(try bench.carry(outbox, after: Offset(1))?.code == "disk_full")
    #expect(bench.reader.durable == Offset(1))
    bench.disk.change { $0.isFull = false }
    let refusal = try bench.carry(outbox, after: Offset(1))
    #expect(refusal?.code == "denied")
    #expect(refusal?.denied == [3])
    #expect(refusal?.expected == 4)
    #expect(bench.reader.durable == Offset(2))
    // And once only: now it is a repeat.
    #expect(try bench.carry(outbox, after: Offset(1))?.denied == [3])
    #expect(bench.reader.durable == Offset(2))
  }

  @Test func `I31 what comes of a session that has ended hides nothing of what comes again`() throws {
    let bench = try CarryBench()
    let outbox = try bench.outbox(["order_paid", "secret"])
    #expect(try bench.carry(outbox, from: 9) != nil)
    #expect(try bench.carry(outbox)?.denied == [2])
    #expect(bench.reader.durable == Offset(1))
  }
}
