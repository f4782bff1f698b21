#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A thread of its own for what blocks: such calls have no place on the pool.
struct BlockingThread {
  private let handle: pthread_t

  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts the thread; nil when the system has no more.
  init?(_ run: @escaping @Sendable () -> Void) {
    let argument = Unmanaged.passRetained(Body(run))
    #if canImport(Darwin)
      var handle: pthread_t?
      let status = pthread_create(&handle, nil, { BlockingThread.enter($0) }, argument.toOpaque())
      guard status == 0, let handle else {
        argument.release()
        return nil
      }
    #else
      var handle = pthread_t()
      guard pthread_create(&handle, nil, { BlockingThread.enter($0) }, argument.toOpaque()) == 0 else {
        argument.release()
        return nil
      }
    #endif
    self.handle = handle
  }

  /// Waits for its end.
  func join() { pthread_join(handle, nil) }

  /// Nobody waits for its end.
  func detach() { pthread_detach(handle) }

  private static func enter(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
    return nil
  }
}
