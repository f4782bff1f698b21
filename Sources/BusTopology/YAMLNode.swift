/// YAML as this module reads it: text, lists and maps with their places, and nothing that YAML guesses.
///
/// A scalar is its text: `no`, `1.10` and `12:30` are what the key that holds them declares, never what they look like.
struct YAMLNode {
  enum Content {
    /// A scalar; `isPlain` when it is not in quotes.
    case text(String, isPlain: Bool)
    case list([YAMLNode])
    case map([Member])
    /// Something that was refused already: readers pass over it in silence.
    case refused
  }

  struct Member {
    var key: String
    var place: SourceText.Place
    var value: YAMLNode
  }

  var content: Content
  var place: SourceText.Place

  /// How a message names what was found.
  var shown: String {
    switch content {
    case .text("", isPlain: true): "nothing"
    case .text(let text, _): "'\(text.prefix(60))\(text.count > 60 ? "…" : "")'"
    case .list: "a list"
    case .map: "a map"
    case .refused: "something refused"
    }
  }

  /// A key with nothing behind it.
  var isEmpty: Bool {
    if case .text("", isPlain: true) = content { return true }
    return false
  }
}
