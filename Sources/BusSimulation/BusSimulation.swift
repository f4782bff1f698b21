/// The simulation by hand.
@main
struct BusSimulation {
  static func main() throws {
    var arguments = CommandLine.arguments.dropFirst()
    var options: [String: String] = [:]
    while let word = arguments.popFirst() { options[word] = arguments.popFirst() ?? "" }
    let first = UInt64(options["--seed"] ?? "") ?? 1
    let count = UInt64(options["--seeds"] ?? "") ?? 1
    for seed in first..<(first + count) {
      let finding = try World.live(Scenario(seed: seed, mutant: Mutant(rawValue: options["--mutant"] ?? "")), isTold: options["--steps"] != nil)
      for line in finding.lines { print(line) }
      print(seed, String(finding.trace, radix: 16), finding.violations)
    }
  }
}
