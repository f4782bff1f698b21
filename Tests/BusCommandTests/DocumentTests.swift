import ArgumentParser
import Foundation
import Testing

@testable import BusCommand
@testable import BusdCommand

/// A command that the documents or the help name is one that the program understands.
struct DocumentTests {
  /// A command line and where it is written.
  struct Sample {
    let line: String
    let place: String
  }

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func `each command in README and the articles is understood`() throws {
    let samples = try Self.documents().flatMap(Self.samples(in:))
    let count = samples.map(Self.parse).reduce(0, +)
    #expect(count >= 30, "the commands were not found")
  }

  @Test func `each example in the help is understood`() {
    let pages = Self.pages(BusCommand.self) + Self.pages(Busd.self)
    let samples = pages.flatMap { page in
      page.split(separator: "\n").compactMap { line -> Sample? in
        let text = line.drop { $0 == " " }
        let example = text.hasPrefix("EXAMPLE") ? text.drop { $0 != " " }.drop { $0 == " " } : text
        guard text.count < line.count || example.count < text.count else { return nil }
        return example.hasPrefix("bus ") ? Sample(line: String(example), place: "the help") : nil
      }
    }
    let count = samples.map(Self.parse).reduce(0, +)
    #expect(count >= 20, "the examples were not found")
  }

  @Test func `a command that is none is found`() {
    for line in ["bus tali", "bus jobs ls --stat dead", "x && bin/bus why", "busd --topolgy x", "bus tail 'a b'"] {
      #expect(throws: (any Error).self) {
        for command in ShellText(line).commands { _ = try Self.understand(command) }
      }
    }
  }

  // MARK: Parsing

  /// How many commands of ours the line has; each that is not understood is an issue.
  private static func parse(_ sample: Sample) -> Int {
    var count = 0
    for command in ShellText(sample.line).commands {
      do {
        if try understand(command) { count += 1 }
      } catch {
        Issue.record("\(sample.place): \(sample.line): \(message(for: error))")
      }
    }
    return count
  }

  /// Gives the words to the program's own parser; false for another's command.
  private static func understand(_ command: [String]) throws -> Bool {
    let arguments = Array(command.dropFirst())
    do {
      switch command[0].split(separator: "/").last {
      case "bus":
        if let mistake = CommandNames.mistake(in: arguments) { throw mistake }
        _ = try BusCommand.parseAsRoot(arguments)
      case "busd": _ = try Busd.parseAsRoot(arguments)
      default: return false
      }
    } catch  where BusCommand.exitCode(for: error) == .success {
      // `--help` and `--version` are no mistakes.
    }
    return true
  }

  private static func message(for error: any Error) -> String {
    (error as? CommandError)?.text ?? BusCommand.message(for: error)
  }

  // MARK: Finding

  private static func documents() throws -> [String] {
    let sources = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: "Sources").path)
    return ["README.md"] + sources.filter { $0.hasSuffix(".md") }.sorted().map { "Sources/\($0)" }
  }

  /// Lines of shell, and commands in the text: `bus why JOB`.
  private static func samples(in document: String) throws -> [Sample] {
    let text = try String(contentsOf: root.appending(path: document), encoding: .utf8)
    var fence: String?
    var samples: [Sample] = []
    for (index, line) in text.components(separatedBy: "\n").enumerated() {
      let place = "\(document):\(index + 1)"
      if line.hasPrefix("```") {
        fence = fence == nil ? line : nil
      } else if fence == "```sh" {
        samples.append(Sample(line: line, place: place))
      } else if fence == nil {
        let spans = line.matches(of: /`(busd? [^`]+)`/)
        samples += spans.map { Sample(line: String($0.output.1), place: place) }
      }
    }
    return samples
  }

  /// The help of a command and of all below it.
  private static func pages(_ command: any ParsableCommand.Type) -> [String] {
    let configuration = command.configuration
    let below = configuration.groupedSubcommands.flatMap(\.subcommands) + configuration.ungroupedSubcommands
    return [configuration.discussion] + below.flatMap(pages)
  }
}
