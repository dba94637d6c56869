public indirect enum JSONValue: Sendable, Equatable, Codable { case null }
