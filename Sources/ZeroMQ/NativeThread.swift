internal import CZeroMQ

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The system's threads: starts one with a name, and tells which one this is.
enum NativeThread {
  /// JSON and SQL run on these threads: the stack of a main thread, of which only what is used is taken.
  private static let stackByteCount = 8 << 20

  /// A number that no other running thread has; never zero.
  static var current: UInt {
    #if canImport(Glibc)
      pthread_self()
    #else
      UInt(bitPattern: pthread_self())
    #endif
  }

  /// Starts a thread that nobody waits for.
  static func start(name: String, _ body: @escaping @Sendable () -> Void) throws(ZeroMQError) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, stackByteCount)
    #if canImport(Glibc)
      var thread = pthread_t()
    #else
      var thread: pthread_t?
    #endif
    let start = Unmanaged.passRetained(Start(name: name, body: body))
    let result = pthread_create(
      &thread, &attributes,
      { argument in
        // Not optional on every system.
        let argument: UnsafeMutableRawPointer? = argument
        if let argument { Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, start.toOpaque())
    guard result == 0 else {
      start.release()
      throw ZeroMQError(cannot: "start the thread \(name)", errno: result)
    }
  }

  private final class Start {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }

    func run() {
      #if os(Linux)
        bus_set_thread_name(name)
      #elseif canImport(Darwin)
        pthread_setname_np(name)
      #endif
      body()
    }
  }
}
