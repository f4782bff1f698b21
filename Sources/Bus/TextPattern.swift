/// A text pattern: `*` stands for any run of characters, also none, `?` for exactly one, `\` takes the next one
/// literally.
///
/// It is held against the whole text, and `*` runs over line ends too.
public struct TextPattern: Hashable, Sendable {
  private enum Token: Hashable, Sendable {
    case literal(Unicode.Scalar)
    case one
    case run
  }

  private let tokens: [Token]

  /// A pattern's text; read again it is an equal pattern.
  public var text: String {
    var text = String.UnicodeScalarView()
    for token in tokens {
      switch token {
      case .run: text.append("*")
      case .one: text.append("?")
      case .literal(let scalar):
        if ["*", "?", "\\"].contains(scalar) { text.append("\\") }
        text.append(scalar)
      }
    }
    return String(text)
  }

  /// Compiles a pattern; every text is one.
  public init(_ pattern: String) {
    var tokens: [Token] = []
    var isEscaped = false
    for scalar in pattern.unicodeScalars {
      switch scalar {
      case _ where isEscaped:
        tokens.append(.literal(scalar))
        isEscaped = false
      case "\\": isEscaped = true
      case "*": if tokens.last != .run { tokens.append(.run) }
      case "?": tokens.append(.one)
      default: tokens.append(.literal(scalar))
      }
    }
    // A backslash at the end has nothing to escape: it is itself.
    if isEscaped { tokens.append(.literal("\\")) }
    self.tokens = tokens
  }

  /// Whether the pattern covers the text from its first to its last character.
  ///
  /// Greedy with one point of return: `pattern × text` steps at worst.
  public func matches(_ text: String) -> Bool {
    let scalars = text.unicodeScalars
    var position = scalars.startIndex
    var token = 0
    var afterRun: Int?
    var retry = position
    while position != scalars.endIndex {
      if token < tokens.count, tokens[token] == .run {
        token += 1
        afterRun = token
        retry = position
      } else if token < tokens.count, tokens[token] == .one || tokens[token] == .literal(scalars[position]) {
        token += 1
        scalars.formIndex(after: &position)
      } else if let run = afterRun {
        scalars.formIndex(after: &retry)
        position = retry
        token = run
      } else {
        return false
      }
    }
    return tokens[token...].allSatisfy { $0 == .run }
  }
}
