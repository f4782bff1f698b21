/// The version of the project: what `bus --version`, `busd --version` and busd's status say.
public enum ProjectVersion {
  /// As semantic versioning writes it.
  public static let text = "0.1.0"
}
