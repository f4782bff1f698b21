import Bus
import BusProtocol

/// The benchmarks: each starts a busd of its own in a temporary directory and prints its figures beside the bar.
///
/// ```
/// swift run -c release BusBench [publish] [ingest] [fanout] [latency] [jobs] [start] [memory] [disk]
/// ```
/// Without names all of them run. Machines are noisy: run it several times and compare medians.
@main
struct BusBench {
  static func main() async throws {
    let names = Array(CommandLine.arguments.dropFirst())
    say("command: \(CommandLine.arguments.joined(separator: " "))")
    try disk()
    let all: [(name: String, run: () async throws -> Void)] = [
      ("publish", publish), ("ingest", ingest), ("fanout", fanOut), ("latency", latency), ("jobs", jobs),
      ("start", start), ("memory", memory),
    ]
    for benchmark in all where names.isEmpty || names.contains(benchmark.name) { try await benchmark.run() }
  }

  /// One line of figures: the same form everywhere, so that a script can read it.
  static func report(_ name: String, _ figures: String, bar: String) {
    say("\(name.padded(to: 10)) \(figures.padded(to: 64)) bar: \(bar)")
  }

  static func say(_ line: String) {
    print(line)
  }
}

extension String {
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

/// Durations in order, for quantiles.
struct Quantiles {
  private var sorted: [Duration]

  init(_ durations: [Duration]) { sorted = durations.sorted() }

  func microseconds(_ share: Double) -> String {
    guard !sorted.isEmpty else { return "-" }
    let value = sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
    let (seconds, attoseconds) = value.components
    let micros = Double(seconds) * 1e6 + Double(attoseconds) / 1e12
    return micros < 100 ? String((micros * 100).rounded() / 100) : String(Int(micros))
  }
}
