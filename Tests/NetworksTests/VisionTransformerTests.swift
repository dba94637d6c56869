import Tensor
import Testing
import _Fixtures

@testable import Networks

/// What tensors tell of a vision transformer, and what they do not.
@Suite struct VisionTransformerTests {
  /// The tensors that decide, with torchvision's names.
  private func weights(width: Int, depth: Int, patch: Int, positions: Int) -> WeightSource {
    var shapes: [(name: String, shape: [Int])] = [
      ("conv_proj.weight", [width, 3, patch, patch]), ("class_token", [1, 1, width]),
      ("encoder.pos_embedding", [1, positions, width]),
    ]
    for block in 0..<depth { shapes.append(("encoder.layers.encoder_layer_\(block).ln_1.weight", [width])) }
    return WeightSource(file: "vit.pt", shapes: shapes)
  }

  private func heads(_ network: RecognisedNetwork) -> Set<Int> {
    Set(network.layers.flatMap(\.withInner).compactMap(\.numHeads))
  }

  @Test(arguments: [
    (192, 12, 16, 224, "vit-tiny-16", 3), (384, 12, 16, 224, "vit-small-16", 6), (768, 12, 16, 384, "vit-base-16", 12),
    (768, 12, 32, 224, "vit-base-32", 12), (1024, 24, 16, 224, "vit-large-16", 16),
    (1280, 32, 14, 518, "vit-huge-14", 16), (256, 3, 4, 32, "vit-256x3-4", 4),
  ]) func publishedSizesHaveTheirHeads(width: Int, depth: Int, patch: Int, side: Int, name: String, count: Int) throws {
    let weights = weights(width: width, depth: depth, patch: patch, positions: (side / patch) * (side / patch) + 1)
    let network = try ArchitectureLookup.recognise(weights, imageShape: nil)
    #expect(network.name == name)
    #expect(network.inputShape == [3, side, side])
    #expect(heads(network) == [count])
    let other = try ArchitectureLookup.network(named: "\(name)-heads8", weights, imageShape: [3, side, side])
    #expect(other.name == "\(name)-heads8")
    #expect(heads(other) == [8])
  }

  private func message(_ weights: WeightSource, _ name: String? = nil, images: Shape? = nil) -> String? {
    ModelFixtures.message {
      _ =
        try name.map { try ArchitectureLookup.network(named: $0, weights, imageShape: images) }
        ?? ArchitectureLookup.recognise(weights, imageShape: images)
    }
  }

  @Test func whatTensorsDoNotTellIsSaid() {
    let odd = weights(width: 24, depth: 1, patch: 4, positions: 10)
    #expect(
      message(odd)?.contains("do not divide its width of 24; say how many it has with --arch vit-24x1-4-headsN") == true
    )
    #expect(message(odd, "vit-24x1-4-heads3") == nil)
    #expect(message(odd, "vit-tiny-16-heads3")?.contains("they are those of `vit-24x1-4`") == true)
    let tiny = weights(width: 192, depth: 12, patch: 16, positions: 197)
    #expect(
      message(tiny, images: [3, 32, 32])?.contains(
        "`encoder.pos_embedding` holds 197 positions (224 x 224 pixels) of patches of 16 x 16, which are not those of images of "
          + "shape [3, 32, 32]; bring them to the network's size with --resize") == true)
    #expect(
      message(weights(width: 192, depth: 0, patch: 16, positions: 197))?.contains("encoder_layer_0.ln_1.weight") == true
    )
    #expect(
      message(weights(width: 192, depth: 1, patch: 16, positions: 3))?.contains("holds 3 positions of patches") == true)
  }
}
