import ArgumentParser
import BusProtocol
import CAllocations

/// Does one operation many times, and says how often it asked for memory; under callgrind the difference of two counts
/// gives its instructions.
struct CountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "count", abstract: "Count what single operations ask for: memory, and under callgrind instructions.",
    usage: "BusBench count [<options>] [<operation> ...]",
    discussion: """
      EXAMPLE  BusBench count encode intake
               valgrind --tool=callgrind BusBench count encode --times 3000
      """)

  @Argument(help: ArgumentHelp("The operations; all of them when none is named.", valueName: "operation"))
  var names: [String] = []

  @Option(help: ArgumentHelp("How often; 1000.", valueName: "count"))
  var times = 1000

  @Flag(help: "One JSON object an operation and line.")
  var json = false

  func validate() throws {
    guard (1...1_000_000).contains(times) else { throw ValidationError("--times \(times): it is 1 to 1000000") }
    for name in names where !Operation.all.contains(where: { $0.name == name }) {
      let known = Operation.all.map(\.name).joined(separator: ", ")
      throw ValidationError("'\(name)' is no operation: there are \(known)")
    }
  }

  func run() throws {
    for operation in Operation.all where names.isEmpty || names.contains(operation.name) {
      let each = try operation.allocations(times: times)
      if json {
        let value: JSONValue = ["operation": .string(operation.name), "allocations": .double(each)]
        Report.line(value.text)
      } else {
        Report.line("\(operation.name.padded(to: 13)) \(Report.number(each)) allocations: \(operation.about)")
      }
    }
  }
}

/// One step of an event's or a job's way, without what is around it.
struct Operation: Sendable {
  /// What was made ready for it.
  struct Scene {
    var act: () throws -> Void
    var end: () -> Void = {}
  }

  let name: String
  let about: String
  let prepare: @Sendable () throws -> Scene

  /// How often it asks for memory each time: after a few that fill what is kept.
  func allocations(times: Int) throws -> Double {
    let scene = try prepare()
    defer { scene.end() }
    for _ in 0..<20 { try scene.act() }
    let before = bus_allocation_count()
    for _ in 0..<times { try scene.act() }
    let count = bus_allocation_count() - before
    return before < 0 ? -1 : Double(count) / Double(times)
  }
}
