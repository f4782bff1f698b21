import Foundation

/// What the system says of a process.
struct ProcessFacts: Sendable {
  let id: Int32

  init(_ id: Int32) { self.id = id }

  /// This process.
  static var own: ProcessFacts { ProcessFacts(getpid()) }

  /// Resident memory in MB (proc(5), status).
  var residentMegabytes: Double {
    get throws {
      let text = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
      let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
      guard let kilobytes = line?.split(whereSeparator: \.isWhitespace).compactMap({ Double($0) }).first else {
        throw Failure(description: "/proc/\(id)/status has no VmRSS")
      }
      return kilobytes / 1024
    }
  }

  /// Processor time so far, in seconds.
  var processorSeconds: Double {
    get throws {
      var clock = clockid_t()
      var time = timespec()
      guard clock_getcpuclockid(id, &clock) == 0, clock_gettime(clock, &time) == 0 else {
        throw Failure(description: "process \(id) has no clock: it ended")
      }
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
  }
}

/// Measures what something takes, by the clock and of the processors, in some processes together.
struct Meter {
  private let processes: [ProcessFacts]

  /// This process, busd and the workers.
  init(_ bed: Bed) { self.init([.own] + bed.processes) }

  init(_ processes: some Sequence<ProcessFacts>) { self.processes = Array(processes) }

  func measure(_ body: () async throws -> Void) async throws -> Spent {
    let (before, begin) = (try processorSeconds, ContinuousClock.now)
    try await body()
    let seconds = (ContinuousClock.now - begin) / .seconds(1)
    return Spent(seconds: seconds, processorSeconds: try processorSeconds - before)
  }

  /// What they had of the processors so far, in seconds.
  var processorSeconds: Double {
    get throws { try processes.reduce(0) { try $0 + $1.processorSeconds } }
  }
}

/// Time by the clock, and of all processors.
struct Spent: Equatable {
  var seconds: Double
  var processorSeconds: Double

  /// How many a second, and what each cost all processes.
  func figures(_ what: String, count: Int) -> [Figure] {
    [
      Figure(what, Double(count) / max(seconds, 1e-9), .perSecond),
      Figure("\(what), CPU of all processes each", processorSeconds * 1e6 / Double(max(count, 1)), .microseconds),
    ]
  }
}
