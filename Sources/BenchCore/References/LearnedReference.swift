/// The checkpoint from which a manifold or a score was read, as a result records it.
public struct LearnedReference: Sendable, Equatable, Codable {
  /// The description's id.
  public var id: String
  public var name: String
  public var checkpoint: ModelRecord.Checkpoint
  /// Number of trained scalars.
  public var parameters: Int

  public init(id: String, name: String, checkpoint: ModelRecord.Checkpoint, parameters: Int) {
    self.id = id
    self.name = name
    self.checkpoint = checkpoint
    self.parameters = parameters
  }
}
