public struct FileProbe: Sendable {}
public struct CheckpointFile: Sendable {}
