"""The words a record may use where it may not use free text.

Each list is closed: a word outside it is refused with the nearest one named.
Sources: the Berkeley Protocol, PREMIS 3 events, Every Casualty's standards,
OHCHR's lists, and the practice of published investigations.
"""

from __future__ import annotations

AUDIENCES = ("internal", "partner", "un_body", "court", "public")

VOCABULARY: dict[str, tuple[str, ...]] = {
    name: tuple(words.split())
    for name, words in {
        "audience": " ".join(AUDIENCES),
        "answer": "yes no ask_first",
        "object_type": "hospital clinic ambulance school camp market bakery place_of_worship residential water other",
        "delivery": "air_fixed_wing air_rotary drone ballistic_missile artillery ground unknown",
        "protected_status": "deconfliction_listed marked_emblem functioning none_known",
        "military_presence": "none_reported reported_nearby reported_inside contested not_asked",
        "confidence": "confirmed likely possible contested unknown",
        "position": "accepted denied other_explanation no_reply not_asked",
        "casualty_category": "children women men health_worker education_worker journalist rescuer combatant unknown",
        "source_kind": "witness spotter_post radio_operator account organisation sensor",
        "item_kind": "statement imagery flight_log intercept document",
        "generation": "original copy platform_copy frame crop transcode blur screenshot excerpt",
        "mode": "in_person phone video_call messaging written",
        "witness_role": "survivor eyewitness medic patient teacher rescuer relative spotter media expert insider",
        "knowledge_basis": "saw heard felt treated documented told_by_other",
        "form": "full_transcript signed_statement notes summary audio video",
        "risk_level": "low medium high critical",
        "willing": "yes no unknown",
        "medium": "photo video satellite",
        "geolocation_method": "landmarks exif satellite_match witness sun_shadow",
        "pair_role": "before after",
        "damage_grade": "none possible moderate severe destroyed",
        "persons_visible": "no yes faces_blurred unknown",
        "date_order": "ymd dmy mdy",
        "message_type": "tasking_coordinates target_locked time_on_target clearance release return transit unclear",
        "clock_source": "gps phone recorder_unset announced",
        "doc_type": (
            "medical_record death_certificate deconfliction_list un_letter official_statement munition_report "
            "expert_report ngo_report press social_post log_sheet map unknown"
        ),
        "rank": "primary secondary tertiary unknown",
        "reliability": "A B C D E F",
        "credibility": "1 2 3 4 5 6",
        "facet": "what when where weapon delivery actor civilian_status casualties damage military_presence",
        "stance": "supports contradicts context",
        "strength": "direct consistent_with circumstantial",
        "relation": "cites derived_from copy_of same_speaker same_camera translation_of",
        "custody_action": "capture receive transfer copy access derive redact translate",
        "outcome": "explained evidence_rejected claim_narrowed unresolved",
        "violation_type": (
            "unlawful_killing torture enforced_disappearance arbitrary_detention sexual_violence hostage_taking "
            "forced_displacement attack_on_civilians attack_on_protected_object use_of_prohibited_weapon "
            "denial_of_humanitarian_access recruitment_of_children other"
        ),
        "class": "testimony imagery_ground imagery_satellite flight intercept document",
    }.items()
}
