import ArgumentParser
import Dispatch
import Foundation

/// Where the program begins.
@main
enum Entry {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    // On the first thread alone: callgrind dies with one that waits for others as a main function that awaits does.
    if arguments.first == "count" { return CountCommand.main(Array(arguments.dropFirst())) }
    let signals = ChildProcess.endAllOnSignals()
    // Awaited by the exit.
    Task {
      await BenchProgram.main(arguments)
      exit(0)
    }
    withExtendedLifetime(signals) { dispatchMain() }
  }
}

/// The benchmarks: each starts a busd of its own in a directory of its own, and prints its figures beside the bar.
struct BenchProgram: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "BusBench", abstract: "Measure what events and jobs cost, from outside.",
    usage: "BusBench [<options>] [<benchmark> ...]",
    discussion: """
      Each benchmark starts a busd of its own, and prints the median and the range of \
      its runs, with what a sync of the disk took in the same runs. Machines are noisy: \
      compare medians of one session. A debug build's figures say nothing.

      EXAMPLE  swift run -c release BusBench ingest e2e --runs 5
      """,
    subcommands: [RunCommand.self, CountCommand.self, WorkerCommand.self], defaultSubcommand: RunCommand.self)
}

/// Measures; what is done where nothing else is said.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run benchmarks; all of them when none is named.",
    usage: "BusBench [<options>] [<benchmark> ...]")

  @Argument(help: ArgumentHelp("The benchmarks; --list names them.", valueName: "benchmark"))
  var names: [String] = []

  @Flag(help: "List the benchmarks.")
  var list = false

  @OptionGroup var options: SizeOptions

  @Flag(help: "One JSON object a figure and line.")
  var json = false

  func validate() throws {
    _ = try Catalogue.chosen(names)
  }

  func run() async throws {
    if list {
      for benchmark in Catalogue.all { Report.line("\(benchmark.name.padded(to: 13)) \(benchmark.about)") }
      return
    }
    let sizes = options.sizes
    for benchmark in try Catalogue.chosen(names) {
      var summary = Summary(benchmark, command: options.command(benchmark.name))
      for run in 1...sizes.runs {
        Report.progress("\(benchmark.name): run \(run) of \(sizes.runs)")
        summary.add(try DiskProbe.figures(in: sizes.directory))
        summary.add(try await benchmark.measure(sizes))
      }
      Report.write(summary, asJSON: json)
    }
  }
}
