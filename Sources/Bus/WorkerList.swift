/// What a subscription makes of an event: one worker, perhaps one, or several.
///
/// A ``Worker`` is the shortest list; optionals and arrays of workers are lists too. The types of the workers are known
/// without an event, so that an engine can declare what it runs.
public protocol WorkerList<Services>: Sendable {
  /// What its workers need.
  associatedtype Services: Sendable

  /// The types that can be in such a list.
  static var workerTypes: [any Worker<Services>.Type] { get }

  /// The workers of this list, in their order.
  var workers: [any Worker<Services>] { get }
}

extension Worker {
  /// Its own type.
  public static var workerTypes: [any Worker<Services>.Type] { [Self.self] }
  /// Itself.
  public var workers: [any Worker<Services>] { [self] }
}

extension Optional: WorkerList where Wrapped: WorkerList {
  /// What it may wrap.
  public typealias Services = Wrapped.Services
  /// The types of what it may wrap.
  public static var workerTypes: [any Worker<Services>.Type] { Wrapped.workerTypes }
  /// None, or what is wrapped.
  public var workers: [any Worker<Services>] { self?.workers ?? [] }
}

extension Array: WorkerList where Element: WorkerList {
  /// What its elements need.
  public typealias Services = Element.Services
  /// The types of its elements.
  public static var workerTypes: [any Worker<Services>.Type] { Element.workerTypes }
  /// Those of all elements.
  public var workers: [any Worker<Services>] { flatMap(\.workers) }
}

/// Two lists one behind the other: what two statements in a subscription's closure make.
public struct WorkerPair<First: WorkerList, Second: WorkerList>: WorkerList where First.Services == Second.Services {
  /// What the workers of both need.
  public typealias Services = First.Services

  let first: First
  let second: Second

  /// The types of both.
  public static var workerTypes: [any Worker<Services>.Type] { First.workerTypes + Second.workerTypes }
  /// The workers of the first, then those of the second.
  public var workers: [any Worker<Services>] { first.workers + second.workers }
}

/// One of two lists: what `if … else` and `switch` in a subscription's closure make.
public enum WorkerChoice<First: WorkerList, Second: WorkerList>: WorkerList where First.Services == Second.Services {
  /// What the workers of both need.
  public typealias Services = First.Services

  /// The first branch was taken.
  case first(First)
  /// The other branch was taken.
  case second(Second)

  /// The types of both branches.
  public static var workerTypes: [any Worker<Services>.Type] { First.workerTypes + Second.workerTypes }

  /// The workers of the branch that was taken.
  public var workers: [any Worker<Services>] {
    switch self {
    case .first(let list): list.workers
    case .second(let list): list.workers
    }
  }
}

/// Lets a subscription's closure name several workers, one statement each, with `if`, `switch` and `for`.
@resultBuilder
public enum WorkerListBuilder {
  /// One statement.
  public static func buildExpression<List: WorkerList>(_ list: List) -> List { list }
  /// The first statement.
  public static func buildPartialBlock<List: WorkerList>(first: List) -> List { first }
  /// The next statement.
  public static func buildPartialBlock<First: WorkerList, Second: WorkerList>(
    accumulated: First, next: Second
  ) -> WorkerPair<First, Second> { WorkerPair(first: accumulated, second: next) }
  /// `if` without `else`.
  public static func buildOptional<List: WorkerList>(_ list: List?) -> List? { list }
  /// `if`.
  public static func buildEither<First: WorkerList, Second: WorkerList>(
    first: First
  ) -> WorkerChoice<First, Second> { .first(first) }
  /// `else`.
  public static func buildEither<First: WorkerList, Second: WorkerList>(
    second: Second
  ) -> WorkerChoice<First, Second> { .second(second) }
  /// `for`.
  public static func buildArray<List: WorkerList>(_ lists: [List]) -> [List] { lists }
}
