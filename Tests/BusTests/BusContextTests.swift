import BusProtocol
import Testing

@testable import Bus

struct BusContextTests {
  private let event = EventID(high: 5, low: 6)
  private let trace: TraceContext

  init() throws { trace = try TraceContext("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") }

  @Test func `QB14 values are there in the block and gone after it`() async throws {
    #expect(BusContext.current.values.members.isEmpty)
    await BusContext.with(["tenant": 7]) {
      #expect(BusContext.current.values == ["tenant": 7])
      await Task.yield()
      #expect(BusContext.current.values == ["tenant": 7])
    }
    #expect(BusContext.current.values.members.isEmpty)
  }

  @Test func `QB14 inner values add to and replace outer ones, and are restored, also after an error`() {
    struct Failure: Error {}
    BusContext.with(["tenant": 7, "locale": "de"]) {
      #expect(throws: Failure.self) {
        try BusContext.with(["locale": "fr", "user": 1]) {
          #expect(BusContext.current.values == ["tenant": 7, "locale": "fr", "user": 1])
          throw Failure()
        }
      }
      #expect(BusContext.current.values == ["tenant": 7, "locale": "de"])
    }
  }

  @Test func `QB14 concurrent tasks have their own`() async {
    let mixed = await withTaskGroup(of: Int.self) { group in
      for tenant in 0..<200 {
        group.addTask {
          await BusContext.with(["tenant": .integer(Int64(tenant))]) {
            var wrong = 0
            for _ in 0..<20 {
              await Task.yield()
              if BusContext.current.values["tenant"] != .integer(Int64(tenant)) { wrong += 1 }
            }
            return wrong
          }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(mixed == 0)
  }

  @Test func `QB14 a task that is started below has it too`() async {
    let seen = await BusContext.with(["tenant": 7]) { await Task { BusContext.current.values }.value }
    #expect(seen == ["tenant": 7])
  }

  @Test func `an event outside of any context begins a chain under its own id`() {
    let headers = BusContext().headers(source: "shop/here")
    let event = Event(id: event, topic: "a", data: [], time: Timestamp(microseconds: 0), headers: headers)
    #expect(event.correlation == CorrelationID(high: 5, low: 6))
    #expect(headers.correlation == nil)
    #expect(headers.causation == nil)
    #expect(headers.trace == nil)
    #expect(headers.context == nil)
    #expect(headers.source == "shop/here")
  }

  @Test func `an event inside of one carries its trace, cause, chain and values`() throws {
    let context = BusContext(
      values: ["tenant": 7], causation: .job(JobID(high: 1, low: 2)), correlation: CorrelationID(high: 3, low: 4),
      trace: trace)
    let headers = context.headers(source: "shop/here")
    #expect(headers.correlation == CorrelationID(high: 3, low: 4))
    #expect(headers.causation == .job(JobID(high: 1, low: 2)))
    #expect(headers.trace == trace)
    #expect(headers.context == ["tenant": 7])
  }

  @Test func `a trace given to a block is that of what is published in it, and of inner blocks`() throws {
    BusContext.with([:], trace: trace) {
      BusContext.with(["user": 1]) { #expect(BusContext.current.trace == trace) }
    }
    #expect(BusContext.current.trace == nil)
  }

  @Test func `a job below carries the same`() throws {
    let context = BusContext(values: ["tenant": 7], causation: .event(event), trace: trace)
    let cause = context.cause(source: "shop/here", job: JobID(high: 8, low: 9))
    #expect(cause.event == event)
    #expect(cause.job == nil)
    #expect(cause.correlation == CorrelationID(high: 8, low: 9))
    #expect(cause.context == ["tenant": 7])
    #expect(cause.trace == context.trace)
  }
}
