import Bus
import BusBroker
import BusProtocol
import BusSpool
import Foundation

extension Operation {
  static let all: [Operation] = [
    publish, encode, decode, check, append, intake, fanout, mark, enqueue, carry, match,
  ]

  private static let publish = Operation(
    name: "publish", about: "an event of 100 B into the outbox, while busd is away",
    prepare: {
      let directory = temporaryDirectory()
      let configuration = try BusConfiguration(
        environment: ["BUS_STATE_DIR": directory, "BUS_RUNTIME_DIR": directory], service: "bench")
      let client = try BusClient(
        configuration, logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }))
      let data: JSONObject = ["filler": .string(String(repeating: "x", count: 87))]
      return Scene(
        act: { client.publish("bench", data) },
        // The client goes with the process, or with the last who has it.
        end: { remove(directory) })
    })

  private static let encode = Operation(
    name: "encode", about: "an event as a record",
    prepare: {
      let event = sample(1)
      var bytes: [UInt8] = []
      return Scene(act: {
        bytes.removeAll(keepingCapacity: true)
        try Record.append(event, to: &bytes)
      })
    })

  private static let decode = Operation(
    name: "decode", about: "a record as an event",
    prepare: {
      let bytes = try records(1)
      return Scene(act: { _ = try Record.event(bytes) })
    })

  private static let check = Operation(
    name: "check", about: "a record's header and checksums",
    prepare: {
      let bytes = try records(1)
      return Scene(act: { _ = try Record.check(bytes, at: 0) })
    })

  private static let append = Operation(
    name: "append", about: "a record into busd's spool, without the sync",
    prepare: {
      let directory = temporaryDirectory()
      let spool = try Spool(
        directory: directory, options: SpoolOptions(segmentByteCount: 1 << 30, preallocates: false, reserve: nil),
        now: now, random: { 4 })
      var sequence: UInt64 = 0
      return Scene(
        act: {
          sequence += 1
          _ = try spool.append(sample(sequence), now: now)
          _ = try spool.commitWithoutSync()
        },
        end: {
          spool.close()
          remove(directory)
        })
    })

  private static let intake = Operation(
    name: "intake", about: "100 records of an outbox, checked and taken",
    prepare: {
      let bytes = try records(100)
      return Scene(act: { _ = Intake.decide(try Intake.records(bytes, of: publisher), last: 0, oldest: 1) })
    })

  private static let fanout = Operation(
    name: "fanout", about: "100 records of a committed group made into live messages",
    prepare: {
      let bytes = try records(100)
      var fanOut = FanOut(log: LogID(high: 1, low: 2), through: .zero)
      return Scene(act: { _ = fanOut.messages(of: bytes, through: Offset(100)) })
    })

  private static let mark = Operation(
    name: "mark", about: "a mark, read from its frames",
    prepare: {
      let mark = Mark(log: LogID(high: 1, low: 2), after: .zero, through: Offset(100), counts: ["bench": 100])
      let frames = LiveMessage.mark(mark).frames
      return Scene(act: { _ = try LiveMessage(frames: frames) })
    })

  private static let enqueue = Operation(
    name: "enqueue", about: "a request of one job, read from its frames",
    prepare: {
      let job = NewJob(
        id: JobID(high: 1, low: 2), queue: Bed.queue, worker: "NoOp", inputs: ["number": 7], queueLock: "bench.NoOp(7)")
      let frames = Request.enqueue(request: 1, jobs: [job]).frames
      return Scene(act: { _ = try Request(frames: frames) })
    })

  private static let carry = Operation(
    name: "carry", about: "a request of 100 records, read from its frames",
    prepare: {
      let request = Request.carry(request: 1, publisher: publisher, oldest: 1, records: try records(100))
      let frames = request.frames
      return Scene(act: { _ = try Request(frames: frames) })
    })

  private static let match = Operation(
    name: "match", about: "a filter over an event's data",
    prepare: {
      let filter = try Filter("data.id == 42 and type ~ 'user_*'").bound(to: .events, at: nil)
      var event = sample(1)
      event.topic = "user_changed"
      event.data = Array(#"{"id":42,"postal_code":"94107"}"#.utf8)
      return Scene(act: { _ = filter.matches(EventSubject(event)) })
    })

  // MARK: What they work on

  private static let now = Timestamp(microseconds: 1_700_000_000_000_000)
  private static let publisher = PublisherID(high: 7, low: 7)

  private static func sample(_ sequence: UInt64) -> Event {
    Event(
      id: EventID(high: 1, low: sequence), topic: "bench", data: Payload.hundredBytes.bytes, time: now,
      publisher: publisher, publisherSequence: sequence, headers: EventHeaders(source: "bench/here"))
  }

  private static func records(_ count: UInt64) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for sequence in 1...count { try Record.append(sample(sequence), to: &bytes) }
    return bytes
  }

  private static func temporaryDirectory() -> String {
    "/tmp/bus-count-\(getpid())-\(UInt32.random(in: 0 ... .max))"
  }

  private static func remove(_ directory: String) {
    do { try FileManager.default.removeItem(atPath: directory) } catch { Report.progress("\(error)") }
  }
}
