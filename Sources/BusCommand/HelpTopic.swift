/// What `bus help WORD` tells of things that are no command.
enum HelpTopic {
  /// The text for a command line, nil where it asks for something else.
  static func text(for arguments: [String]) -> String? {
    guard arguments.count == 2, arguments[0] == "help" else { return nil }
    return topics[arguments[1]]
  }

  private static let topics = ["filters": filters]

  private static let filters = """
    FILTERS  one language for 'bus tail --where', 'bus jobs ls' and 'where' in
             the topology

      bus tail --where "data.id == 42 and not has(data.deleted_at)"
      bus jobs ls queue:charge state:dead args.user_id:42

    TESTS
      a == 42   a != 'x'   a in (1, 2)   a not in ('x', 'y')
      a < 10   a <= 10   a > 0.5   a >= 1     numbers, texts and times
      a ~ 'user_*'   a !~ 'user_*'            * stands for any characters
      has(a)                                  it is there, be it null
      a:42   a:user_*                         short; 42 means 42 and "42"
      refused   'some words'                  some text contains it

    JOINED BY  and, or, not, ( ). Tests side by side are joined by 'and'.

    VALUES  42, 0.5, 'text', "text", true, false, null; times: 10m (ago),
            +10m (ahead), 2026-01-31, 2026-01-31T08:30:00Z

    TRUTH   A test of what is not there is false. 42 is not '42'. != is true
            exactly where == is not, so also where there is nothing.

    FIELDS  of events: id type source time recordedtime offset sequence
            causationid correlationid traceparent datacontenttype
            context.NAME data.NAME data.items[0].id
            of jobs: id queue engine worker state reason queue_lock (lock)
            worker_lock priority attempts (tries) crashes merges error
            enqueued_at due_at started_at finished_at process event offset
            topic subscription parent correlation trace source
            context.NAME inputs.NAME (args.NAME)
    """
}
