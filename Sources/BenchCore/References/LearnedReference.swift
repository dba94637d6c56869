/// The checkpoint from which a manifold, a score or a metric was read, as a result records it.
public struct LearnedReference: Sendable, Equatable, Codable {
  /// The description's id.
  public var id: String
  public var name: String
  public var checkpoint: ModelRecord.Checkpoint
  /// Where it was read from several files: those after the first.
  public var further: [ModelRecord.Checkpoint]?
  /// Number of trained scalars.
  public var parameters: Int

  public init(
    id: String, name: String, checkpoint: ModelRecord.Checkpoint, further: [ModelRecord.Checkpoint]? = nil,
    parameters: Int
  ) {
    self.id = id
    self.name = name
    self.checkpoint = checkpoint
    self.further = further
    self.parameters = parameters
  }
}
