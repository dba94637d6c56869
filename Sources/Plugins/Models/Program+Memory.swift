import Foundation
import Graph

extension Program {
  /// Refuses what the machine cannot hold: the system would end the process later, without a word.
  /// - Throws: `ModelError.memory`.
  func checkMemory(file: String, images: Int, workers: Int) throws {
    let memory = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    guard workspaceBytes <= memory / workers else {
      throw ModelError.memory(
        file: file, bytesPerWorker: workspaceBytes, images: images, workers: workers, available: memory)
    }
  }
}
