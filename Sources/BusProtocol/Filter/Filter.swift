/// Which events or jobs someone means, in the one language of command line, topology and search.
///
/// `data.id == 42 and type ~ 'user_*' and not has(data.deleted_at)`; short `queue:charge state:dead args.user_id:42`.
///
/// | text | holds |
/// |---|---|
/// | `a == v`, `a in (v, w)` | where `a` is there, of the value's type, and equal; `42` is not `'42'`, `null` is a value |
/// | `a != v`, `a not in (v)`, `a !~ 'p'` | exactly where the positive form does not, so also where `a` is absent |
/// | `a < v`, `<=`, `>`, `>=` | where `a` is there and of the value's type (number, text, time) |
/// | `a ~ 'p*'` | where `a` is text of the pattern; `*` stands for any characters, all others for themselves |
/// | `has(a)` | where `a` is there, be it null |
/// | `a:v` | as `==`; a bare `42` means the number and the text, a bare `v*` is a pattern |
/// | `word`, `'some text'` | where a text of the event or job contains it |
///
/// `not` binds before `and`, `and` before `or`; what stands side by side is joined by `and`. Each test is true or
/// false, nothing between. Texts are equal by their bytes. Times are RFC 3339, or `10m` for ten minutes ago, `+10m` for
/// ahead.
public struct Filter: Hashable, Sendable, CustomStringConvertible {
  /// The longest text that is read, in bytes.
  public static let maximumByteCount = 4096
  /// The deepest nesting of parentheses and `not`.
  public static let maximumDepth = 64
  /// The most tests and values in one filter.
  public static let maximumTermCount = 256

  package let root: FilterNode
  /// Errors that only the use finds point into it.
  private let source: FilterSource

  /// As it was written.
  public var text: String { source.text }

  /// Reads the language; whether the fields exist is only known when the filter is bound.
  public init(_ text: String) throws(FilterError) {
    source = FilterSource(text)
    root = try FilterParser.parse(source)
  }

  /// The filter in the long form, which reads to an equal value (where it is not longer than what is read).
  public var description: String { root.text }

  /// Checks fields and values against what events or jobs have.
  ///
  /// From `now` on `10m` counts back. Without it, which is for filters that stay, durations are refused.
  public func bound(to kind: FilterKind, at now: Timestamp?) throws(FilterError) -> BoundFilter {
    BoundFilter(kind: kind, filter: self, root: try FilterBinding(kind: kind, source: source, now: now).bind(root))
  }

  /// The same where both say the same, however it was written.
  public static func == (left: Filter, right: Filter) -> Bool { left.root == right.root }

  /// By what it says.
  public func hash(into hasher: inout Hasher) { hasher.combine(root) }
}

/// The text of a filter, in which errors show a place.
struct FilterSource: Sendable {
  let text: String

  init(_ text: String) { self.text = text }

  func error(at place: FilterPlace, _ problem: String, help: String) -> FilterError {
    let before = String(decoding: text.utf8.prefix(place.offset), as: UTF8.self)
    return FilterError(text: text, column: before.unicodeScalars.count + 1, problem: problem, help: help)
  }
}

/// Where in the text something stands. Two filters are equal wherever their parts stood.
package struct FilterPlace: Hashable, Sendable {
  /// In bytes from the beginning.
  let offset: Int

  package static func == (left: FilterPlace, right: FilterPlace) -> Bool { true }
  package func hash(into hasher: inout Hasher) {}
}
