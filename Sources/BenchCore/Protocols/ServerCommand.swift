/// A program that serves a model over its standard input and output (docs/plugin-protocol.md), and that the user has
/// allowed to run.
public struct ServerCommand: Sendable {
  /// The program and its arguments. A program without `/` is looked for on the PATH.
  public var command: [String]
  /// Where it runs; a relative program path is relative to it.
  public var folder: String
  /// Absolute path of the checkpoint it is told, where there is one.
  public var checkpoint: String?
  /// How long it may take until it has loaded its model.
  public var startLimit: Duration
  /// How long it may take for one answer.
  public var requestLimit: Duration
  /// Called while it is waited for; what it throws ends the program and the wait.
  public var checkCancellation: @Sendable () throws -> Void

  public init(
    command: [String], folder: String, checkpoint: String? = nil, startLimit: Duration = .seconds(120),
    requestLimit: Duration = .seconds(300), checkCancellation: @escaping @Sendable () throws -> Void = {}
  ) {
    precondition(!command.isEmpty, "a command without a program")
    self.command = command
    self.folder = folder
    self.checkpoint = checkpoint
    self.startLimit = startLimit
    self.requestLimit = requestLimit
    self.checkCancellation = checkCancellation
  }
}
