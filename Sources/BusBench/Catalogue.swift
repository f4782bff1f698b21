import ArgumentParser
import BusProtocol

/// All benchmarks, in the order of an event's way.
enum Catalogue {
  static let all: [Benchmark] = [
    .disk, .wire, .publish, .ingest, .fanout, .e2e, .latency, .replay, .subscription, .enqueue, .start, .jobs, .workers,
    .backlog, .locks, .recovery, .memory, .space, .idle, .growth, .startup,
  ]

  /// Those that are named, in that order; all of them without a name.
  static func chosen(_ names: [String]) throws -> [Benchmark] {
    guard !names.isEmpty else { return all }
    return try names.map { name in
      if let benchmark = all.first(where: { $0.name == name }) { return benchmark }
      let known = all.map(\.name)
      let near = NearestWord.to(name, among: known).map { "did you mean '\($0)'?" }
      throw ValidationError("'\(name)' is no benchmark: \(near ?? "there are \(known.joined(separator: ", "))")")
    }
  }
}
