import BenchCore
import Foundation
import Graph
import Tensor
import Testing
import _TestSupport

@testable import Devices
@testable import Networks

/// A device without memory for the blocks of a large network.
@Suite(.enabled(if: TestedBackend.device != nil, "no PyTorch: PAGS_BENCH_PYTHON names no Python that has it"))
struct DeviceMemoryTests {
  /// Many intermediate numbers of few weights: for an image of 64 x 64 a megabyte each.
  private struct Large: NetworkSource {
    let file = "large"
    var side = 64
    var inputShape: Shape { [1, side, side] }

    func graph(batch: Int) throws -> (graph: Graph, images: Graph.Value, logits: Graph.Value) {
      var graph = Graph()
      func numbers(_ shape: Shape, _ name: String) -> Tensor {
        Tensor(
          shape: shape,
          scalars: RandomStream(seed: 3, name: name).normals(item: 0, count: shape.count).map { Float($0 / 8) })
      }
      let images = graph.input("images", inputShape.prepending(batch))
      let weights = graph.constant(numbers([64, 1, 3, 3], "first"))
      var y = try graph.conv2d(images, weights, ConvolutionGeometry(padding: 1))
      for _ in 0..<3 { y = try graph.tanh(y) }
      let pooled = try graph.reshape(graph.mean(y, axes: [2, 3]), to: [batch, 64])
      let logits = try graph.linear(pooled, graph.constant(numbers([5, 64], "last")))
      return (graph, images, logits)
    }
  }

  /// A worker whose address space ends `megabytes` above what it takes before its first convolution: what it asks for beyond, the system does
  /// not give.
  private func withLimited(_ megabytes: Int, _ body: (DeviceBackend) throws -> Void) throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("device-\(UUID().uuidString)").path
    let program = """
      #!/bin/sh
      cat >"$0.py" <<'PATCH'
      import re, resource, sys
      import torch
      real = torch.nn.functional.conv2d
      def conv2d(*operands):
          torch.nn.functional.conv2d = real
          taken = int(re.search(r"VmSize:\\s+(\\d+) kB", open("/proc/self/status").read()).group(1)) << 10
          limit = taken + (\(megabytes) << 20)
          resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
          return real(*operands)
      torch.nn.functional.conv2d = conv2d
      exec(compile(open(sys.argv[1], encoding="utf-8").read(), "worker", "exec"))
      PATCH
      # Memory that was given back is the system's again, and not in pieces.
      export MALLOC_MMAP_THRESHOLD_=65536
      exec '\(DevicePython.found().program)' "$0.py" "$3"
      """
    try Data(program.utf8).write(to: URL(fileURLWithPath: file))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
    defer { for name in [file, file + ".py"] { try? FileManager.default.removeItem(atPath: name) } }
    try body(
      DeviceBackend(
        DeviceRequest(device: DeviceName("cpu-torch"), python: .found(option: file), limit: .seconds(120))))
  }

  private let images = Tensor(
    shape: [40, 1, 64, 64],
    scalars: RandomStream(seed: 1, name: "images").uniforms(item: 0, count: 40 * 64 * 64).map { Float($0) })

  /// Halved until it fits, before the first image is measured; the numbers are those of a device that holds as many and no more.
  @Test func blocksAreHalved() throws {
    try withLimited(300) { backend in
      let classifier = try NetworkClassifier(Large(), batch: 256, lowersBatch: true, threads: 2, backend: backend)
      let result = try classifier.inputGradient(.logitSum, at: images)
      let size = try #require(classifier.imagesPerPass)
      #expect((1...64).contains(size) && size & (size - 1) == 0, "\(size)")
      let device = try #require(TestedBackend.device)
      let expected = try NetworkClassifier(Large(), batch: size, threads: 2, backend: device)
      let other = try expected.inputGradient(.logitSum, at: images)
      #expect(result.logits == other.logits && result.gradient == other.gradient)
      // It stays where it is.
      #expect(try classifier.logits(images) == result.logits && classifier.imagesPerPass == size)
    }
  }

  /// With a size that the user asked for, and where not even one image fits.
  @Test func whatDoesNotFitIsSaid() throws {
    try withLimited(300) { backend in
      let classifier = try NetworkClassifier(Large(), batch: 256, threads: 1, backend: backend)
      #expect {
        _ = try classifier.inputGradient(.logitSum, at: images)
      } throws: {
        "\($0)".contains("device cpu-torch: not enough memory for one run of the network")
          && "\($0)".hasSuffix("pass a smaller --batch")
      }
    }
    try withLimited(60) { backend in
      let network = Large(side: 1024)
      let classifier = try NetworkClassifier(network, batch: 4, lowersBatch: true, threads: 1, backend: backend)
      #expect {
        _ = try classifier.logits(Tensor(shape: network.inputShape.prepending(1), repeating: 1))
      } throws: { "\($0)".contains("not enough memory for") }
    }
  }
}
