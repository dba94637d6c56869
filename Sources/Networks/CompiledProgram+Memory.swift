import BenchCore
import Graph

extension CompiledProgram {
  /// Whether the machine holds a workspace for each of the workers, with half of its memory to spare.
  func fits(workers: Int, memory: Int) -> Bool { workspaceBytes <= memory / 2 / workers }

  /// Refuses what the machine cannot hold: the system would end the process later, without a word.
  /// - Parameter memory: what the process may use, in bytes; nil for what the machine leaves it.
  /// - Throws: `ModelError.memory`.
  func checkMemory(file: String, images: Int, workers: Int, memory: Int? = nil) throws {
    let memory = memory ?? MemoryLimit.bytes
    guard workspaceBytes <= memory / workers else {
      throw ModelError.memory(
        file: file, bytesPerWorker: workspaceBytes, images: images, workers: workers, available: memory)
    }
  }

  /// The same for one workspace, in which several threads share the work of a training step.
  /// - Throws: `ModelError.memory`.
  package func checkMemory(ofStep network: String, images: Int, threads: Int) throws {
    let (bytes, available) = (workspaceBytes(threads: threads), MemoryLimit.bytes)
    guard bytes <= available else {
      throw ModelError.memory(file: network, bytesPerWorker: bytes, images: images, workers: 1, available: available)
    }
  }
}
