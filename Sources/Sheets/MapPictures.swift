import Figures
import Images
import Tensor

/// Images and maps of one task as pictures.
struct MapPictures {
  let scaling: SignedScaling
  /// `[C, H, W]`.
  let shape: Shape

  func image(_ values: ArraySlice<Float>) -> PixelImage {
    PixelImage(image: Array(values), channels: shape[0], height: shape[1], width: shape[2])
  }

  func signed(_ values: ArraySlice<Float>) -> PixelImage {
    scaling.picture(Array(values), channels: shape[0], height: shape[1], width: shape[2])
  }
}
