"""Images of the company's library, and what each placement of a platform says of them."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.schemas.inputs import Input
from app.schemas.text import Line

MOST_TAGS = 20
Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$"),
]


def _once(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


Tags = Annotated[list[Tag], Field(max_length=MOST_TAGS), AfterValidator(_once)]
ImageFormat = Literal["jpeg", "png", "gif", "webp"]
ImageChange = Literal[
    "colours_converted",
    "depth_reduced",
    "further_images_removed",
    "metadata_removed",
    "orientation_applied",
    "profile_not_readable",
]


class AssetCreate(BaseModel):
    name: Line = Field(description="The file's name, with its ending where it has one.")


class AssetPatch(Input):
    name: Line | None = Field(None, description="The new name.")
    tags: Tags | None = Field(None, description="All of its tags, as they shall be.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.name is None and self.tags is None:
            raise ValueError("Say a name, or tags.")
        return self


class PlacementRead(BaseModel):
    """A place for a picture at a platform, and what it takes."""

    key: str = Field(description="A stable key such as `meta.feed`.")
    platform: str = Field(description="The ad platform, such as `meta`.")
    name: str = Field(description="What people call it.")
    ratio: str = Field(description="Width to height, in words such as `9:16`.")
    tolerance_percent: float = Field(description="How far from the ratio it may be.")
    least_width: int = Field(description="Pixels.")
    least_height: int = Field(description="Pixels; 1 where the width and the ratio say it all.")
    advised_width: int = Field(description="Pixels that look sharp.")
    advised_height: int = Field(description="Pixels that look sharp.")
    most_bytes: int = Field(description="The largest file that it takes.")
    formats: list[ImageFormat] = Field(description="Formats that it takes; still images only.")
    source: str = Field(description="Where the platform publishes it.")


class PlacementProblem(BaseModel):
    """One thing that a placement would not take."""

    code: str = Field(description="A stable code.")
    message: str = Field(description="What is wrong, and how to mend it.")


class PlacementVerdict(BaseModel):
    """Whether the image fits one placement."""

    key: str = Field(description="The placement's key.")
    platform: str = Field(description="The ad platform.")
    name: str = Field(description="What people call the placement.")
    fits: bool = Field(description="Nothing stands in the way.")
    problems: list[PlacementProblem] = Field(description="What does.")
    advice: str | None = Field(description="What would look better; null where nothing would.")


class AssetRead(BaseModel):
    """An image as it is stored: written anew on its upload, without any metadata."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The image's id.")
    name: str = Field(description="What people read.")
    tags: list[str] = Field(description="The company's own words on it.")
    format: ImageFormat = Field(description="Its format, which is the file's that was uploaded.")
    width: int = Field(description="Pixels, of the image as it is looked at.")
    height: int = Field(description="Pixels.")
    size_bytes: int = Field(description="Bytes of the stored file.")
    has_alpha: bool = Field(description="Some of it is transparent.")
    animated: bool = Field(description="It has more than one frame.")
    frames: int = Field(description="How many frames it has.")
    sha256: str = Field(description="Of the stored file, in hex.")
    changes: list[ImageChange] = Field(description="What is not as it was uploaded, beside its encoding.")
    created_by: str = Field(description="Who uploaded it.")
    created_at: datetime = Field(description="When, UTC.")
    drafts: int = Field(
        description="Drafts that name it and are not published; it cannot be deleted meanwhile."
    )
    fits: list[str] = Field(description="The keys of the placements that it fits.")
    draft_platforms: list[str] = Field(
        description="Platforms whose drafts take it: what is created from here does not have every placement."
    )
    draft_parts: list[str] = Field(
        description="As what an ad of a draft can show it, by platform: `google.picture`, `google.logo`; `beside` is a "
        "picture that its ads have beside another one alone."
    )


class AssetDetail(AssetRead):
    placements: list[PlacementVerdict] = Field(description="A verdict for every placement.")


class AssetUploaded(AssetDetail):
    is_new: bool = Field(description="False where the library had the image already: this is that one.")
