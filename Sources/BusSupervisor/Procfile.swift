/// Programs as a Procfile lists them: `NAME: COMMAND` on each line, the command in the words of the shell.
public struct Procfile: Sendable, Equatable {
  /// One line.
  public struct Entry: Sendable, Equatable {
    /// What its processes are called.
    public var name: String
    /// What the shell runs.
    public var command: String

    /// A line.
    public init(name: String, command: String) {
      self.name = name
      self.command = command
    }
  }

  /// The most entries.
  public static let maximumCount = 256
  /// The first port that processes are told, and how many numbers each program has.
  static let (firstPort, portsPerProgram) = (5000, 100)

  /// The lines in their order.
  public var entries: [Entry]

  /// Reads a file's text; the error names line and column.
  public init(_ text: String, file: String) throws(SupervisorError) {
    entries = []
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
    for (index, line) in lines.enumerated() {
      let words = line.trimmingBlanks()
      guard !words.isEmpty, !words.hasPrefix("#") else { continue }
      let place = "\(file):\(index + 1)"
      guard let colon = words.firstIndex(of: ":") else {
        throw Procfile.refusal("\(place):\(line.count + 1): there is no ':' behind the name")
      }
      let name = String(words[..<colon])
      if let wrong = name.firstIndex(where: { !Procfile.isAllowed($0) }) {
        let column = line.count - words.count + name.distance(from: name.startIndex, to: wrong) + 1
        throw Procfile.refusal("\(place):\(column): '\(name[wrong])' cannot be in a name")
      }
      let command = String(words[words.index(after: colon)...]).trimmingBlanks()
      guard !name.isEmpty else { throw Procfile.refusal("\(place):1: there is no name before the ':'") }
      guard !command.isEmpty else { throw Procfile.refusal("\(place):\(line.count + 1): '\(name)' has no command") }
      guard !entries.contains(where: { $0.name == name }) else {
        throw Procfile.refusal("\(place):1: '\(name)' is there already")
      }
      guard entries.count < Procfile.maximumCount else {
        throw Procfile.refusal("\(place):1: there are more than \(Procfile.maximumCount) programs")
      }
      entries.append(Entry(name: name, command: command))
    }
  }

  /// The programs; `release` is what is run once before them, and is none of them.
  public var definitions: [ProcessDefinition] {
    entries.filter { $0.name != "release" }.enumerated().map { index, entry in
      var definition = ProcessDefinition(
        name: entry.name, executable: "/bin/sh", arguments: ["-c", entry.command], grace: .seconds(30))
      definition.firstPort = Procfile.firstPort + index * Procfile.portsPerProgram
      return definition
    }
  }

  private static func isAllowed(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "_" || character == "-")
  }

  private static func refusal(_ message: String) -> SupervisorError {
    SupervisorError(
      .badRequest, message, help: "a line is 'NAME: COMMAND', the name of letters, digits, '_' and '-'")
  }
}

extension String {
  /// The text without blanks at both ends.
  fileprivate func trimmingBlanks() -> String {
    var rest = drop { $0 == " " || $0 == "\t" || $0 == "\r" }
    while let last = rest.last, last == " " || last == "\t" || last == "\r" { rest.removeLast() }
    return String(rest)
  }
}
